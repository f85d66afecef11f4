using Nines.Core.Probes.Push;
using NodaTime;

namespace Nines.Core.Tests.Probes.Push;

/// <summary>Random reports and restarts over months, both changes of clocks included, against a plain reckoning of each run by itself.</summary>
public sealed class HeartbeatWorldTests
{
    private const long Minute = 60_000, Hour = 60 * Minute, Day = 24 * Hour;
    private static readonly DateTimeZone Berlin = DateTimeZoneProviders.Tzdb["Europe/Berlin"];

    [Fact]
    public void Booked_IsWhatAPlainReckoningSays()
    {
        var (runs, outcomes) = (0, new int[3]);
        for (var seed = 1; seed <= 200; seed++)
        {
            var world = new World(seed);
            world.Run();
            world.Booked.Select(b => (b.DueMs, b.Outcome)).OrderBy(b => b.DueMs).ToList().ShouldBe(world.Reckoned(), $"seed {seed}");
            world.Booked.Select(b => b.DueMs).ShouldBeUnique();
            (world.State.Good, world.State.Bad, world.State.Unknown).ShouldBe(((long)world.Count(RunOutcome.Good), world.Count(RunOutcome.Bad), world.Count(RunOutcome.Unknown)));
            runs += world.Booked.Count;
            world.Booked.ForEach(b => outcomes[(int)b.Outcome]++);
        }
        // The worlds hold what they are about.
        runs.ShouldBeGreaterThan(20_000);
        outcomes.Min().ShouldBeGreaterThan(500);
    }

    private sealed class World
    {
        private readonly Random _random;
        private readonly Heartbeat _heartbeat;
        private readonly long _from, _to;
        private readonly List<(long AtMs, HeartbeatPing? Ping, Deafness? Deafness)> _events = [];

        public World(int seed)
        {
            _random = new Random(seed);
            _from = Instant.FromUtc(2026, _random.Next(2) == 0 ? 2 : 9, 20, 0, 0).ToUnixTimeMilliseconds() + _random.Next(100_000);
            HeartbeatSchedule schedule = _random.Next(5) switch
            {
                0 => new EverySchedule(20 * Minute),
                1 => new EverySchedule(6 * Hour),
                2 => CronSchedule.Of("30 2 * * *", Berlin).Schedule!,
                3 => CronSchedule.Of("*/30 * * * *", Berlin).Schedule!,
                _ => CronSchedule.Of("0 3 * * 0", Berlin).Schedule!,
            };
            var first = schedule.NextMs(_from);
            var gap = schedule.NextMs(first) - first;
            _to = _from + (gap < Hour ? 20 : gap < Day ? 60 : 100) * Day;
            _heartbeat = new("job", schedule, (long)(gap * (schedule is EverySchedule ? 1.5 : 0.8) * _random.NextDouble()) / Minute * Minute)
            {
                MaxRuntimeMs = _random.Next(2) == 0 ? null : Math.Max(Minute, gap / 5),
                MinRows = _random.Next(2) == 0 ? null : 10,
            };
            Plan(gap);
            State = HeartbeatMachine.Begin(_heartbeat, null, _from);
        }

        public HeartbeatState State { get; private set; }

        public List<BookedRun> Booked { get; } = [];

        public int Count(RunOutcome outcome) => Booked.Count(b => b.Outcome == outcome);

        public void Run()
        {
            foreach (var (atMs, ping, deafness) in _events)
            {
                (State, var booked) = HeartbeatMachine.Pass(_heartbeat, State, atMs, deafness);
                Booked.AddRange(booked);
                State = ping is null ? State : HeartbeatMachine.Take(_heartbeat, State, ping);
            }
        }

        /// <summary>Each run by itself: all reports are gone through for all runs.</summary>
        public List<(long, RunOutcome)> Reckoned()
        {
            var runs = new List<Reckoning>();
            for (var due = _heartbeat.Schedule.NextMs(_from); due < _to + 30 * Day; due = _heartbeat.Schedule.NextMs(due))
            {
                if (_heartbeat.Schedule.OpensMs(due) >= _from)
                {
                    runs.Add(new(due, _heartbeat.Schedule.OpensMs(due)) { Deadline = due + _heartbeat.GraceMs });
                }
            }
            long? started = null, limit = null;
            void Say(bool good, long atMs)
            {
                var open = runs.Where(r => r.Opens <= atMs && r.Deadline >= atMs).ToList();
                var about = open.Where(r => r.Due <= atMs && r.Good != true).ToList();
                about = about.Count > 0 ? about : [.. open.Where(r => r.Due > atMs).Take(1)];
                about = about.Count > 0 ? about : [.. open.TakeLast(1)];
                about.ForEach(r => r.Good = good);
            }
            foreach (var (atMs, ping, deafness) in _events)
            {
                if (deafness is { } deaf)
                {
                    limit = limit >= deaf.FromMs ? null : limit;
                    foreach (var run in runs.Where(r => r.Good is null && r.Opens < deaf.ToMs && r.Deadline >= deaf.FromMs))
                    {
                        (run.Cut, run.Deadline) = (true, Math.Max(run.Deadline, deaf.ToMs + _heartbeat.CatchUpMs));
                    }
                }
                if (limit < atMs)
                {
                    Say(false, limit.Value);
                    limit = null;
                }
                if (ping?.Kind == PingKind.Start)
                {
                    (started, limit) = (atMs, atMs + _heartbeat.MaxRuntimeMs);
                }
                else if (ping is not null)
                {
                    Say(ping.Kind == PingKind.Success && !(_heartbeat.MinRows > (ping.Rows ?? 0)) && !(atMs - started > _heartbeat.MaxRuntimeMs), atMs);
                    (started, limit) = (null, null);
                }
            }
            var end = _events[^1].AtMs;
            return [.. runs.Where(r => r.Deadline < end).Select(r => (r.Due, r.Good switch
            {
                true => RunOutcome.Good,
                false => RunOutcome.Bad,
                _ => r.Cut ? RunOutcome.Unknown : RunOutcome.Bad,
            }))];
        }

        private void Plan(long gap)
        {
            var moments = new SortedDictionary<long, HeartbeatPing?>();
            for (var due = _heartbeat.Schedule.NextMs(_from); due < _to; due = _heartbeat.Schedule.NextMs(due))
            {
                var at = due + (long)((_random.NextDouble() - 0.2) * _heartbeat.GraceMs * 1.3);
                if (_random.Next(3) == 0)
                {
                    moments[at - _random.NextInt64(1, gap / 3)] = new(PingKind.Start, 0);
                }
                if (_random.Next(8) > 0)
                {
                    moments[at] = new(_random.Next(10) == 0 ? PingKind.Fail : PingKind.Success, 0, _random.Next(6) == 0 ? null : _random.Next(60));
                }
                if (_random.Next(10) == 0)
                {
                    moments[at + _random.NextInt64(1, Hour)] = new(PingKind.Success, 0, 50);
                }
            }
            for (var at = _from + 1; at < _to; at += _random.NextInt64(1, gap / 7))
            {
                moments.TryAdd(at, null);
            }
            // What happens while Nines is down reaches nobody.
            var (heard, downUntil) = (_from, 0L);
            foreach (var (at, ping) in moments.Where(m => m.Key > _from))
            {
                if (at < downUntil)
                {
                    continue;
                }
                Deafness? deafness = downUntil > 0 ? new(heard, at) : null;
                _events.Add((at, ping is null ? null : ping with { AtMs = at }, deafness));
                (heard, downUntil) = (at, _random.Next(40) == 0 ? at + _random.NextInt64(1, gap * 3 / 2) : 0);
            }
        }

        private sealed class Reckoning(long due, long opens)
        {
            public long Due => due;

            public long Opens => opens;

            public long Deadline { get; set; }

            public bool Cut { get; set; }

            public bool? Good { get; set; }
        }
    }
}
