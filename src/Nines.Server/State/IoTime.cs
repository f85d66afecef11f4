namespace Nines.Server.State;

/// <summary>
/// The clock that limits waiting for the outside world (a write, an HTTP answer). It stays the real one where a test lets
/// the other clock run ahead: thirty minutes in one line must not make a healthy disk look hung.
/// </summary>
internal sealed record IoTime(TimeProvider Provider);
