#!/usr/bin/env bash
# Makes the archive people install, artifacts/publish/nines-linux-x64.tar.gz, and checks that it works on its own: unpacked into an empty folder the
# executable tells its version, and serves a page with its style sheet.
source "$(dirname "${BASH_SOURCE[0]}")/prove/lib.sh"
out=$ROOT/artifacts/publish
rm -rf "$out"
mkdir -p "$out"

say "publishing"
(cd "$ROOT" && dotnet publish src/Nines.Cli -c Release -r linux-x64 --self-contained -o "$out/nines" -v quiet -nologo \
    -p:PublishSingleFile=true -p:DebugType=embedded -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false \
    -p:AllowedReferenceRelatedFileExtensions=none >"$WORK/publish.log" 2>&1) || { tail -30 "$WORK/publish.log" >&2; fail "dotnet publish"; verdict "no archive"; }
cp "$ROOT/eng/package/nines.service" "$ROOT/eng/package/Dockerfile" "$out/nines/"
tar -C "$out" -czf "$out/nines-linux-x64.tar.gz" --owner=0 --group=0 --sort=name nines
size=$(($(stat -c %s "$out/nines-linux-x64.tar.gz") >> 20))

mkdir "$WORK/unpacked" "$WORK/workspace"
tar -C "$WORK/unpacked" -xzf "$out/nines-linux-x64.tar.gz"
rm -rf "$out/nines"
# Nothing of this machine's .NET may help.
nines() { (cd "$WORK/unpacked" && env -u DOTNET_ROOT PATH=/usr/bin:/bin DOTNET_ROOT_X64=/none ./nines/nines "$@"); }
version=$(nines version 2>"$WORK/version.err") || fail "nines version: $(tail -1 "$WORK/version.err")"
free_port port
url=http://127.0.0.1:$port
(cd "$WORK/unpacked" && exec env -u DOTNET_ROOT PATH=/usr/bin:/bin ./nines/nines serve --demo true --workspace "$WORK/workspace" --data "$WORK/data" --listen "$url") >"$WORK/nines.log" 2>&1 &
server=$!
PIDS+=($server)
wait_url 30 "$url/login" || { tail "$WORK/nines.log" >&2; verdict "no page"; }
curl -fsSL -m 10 -H 'Accept: text/html' "$url/" >"$WORK/page.html" || fail "no page at /"
sheet=$(grep -oE '(href)="[^"]+\.css"' "$WORK/page.html" | head -1 | sed -E 's/.*"([^"]+)"/\1/')
[[ $sheet =~ \.[a-z0-9]{10}\.css$ ]] || fail "the page names no fingerprinted style sheet: ${sheet:-none}"
sheets=0
for asset in $(grep -oE '(href|src)="/[^"]+\.(css|js|svg)"' "$WORK/page.html" | sed -E 's/.*"([^"]+)"/\1/' | sort -u); do
    curl -fsS -m 10 -o "$WORK/asset" "$url$asset" && [ -s "$WORK/asset" ] && sheets=$((sheets + 1)) || fail "$asset is not served"
done
stop TERM "$server"
verdict "$size MB, $(head -1 <<<"$version"), page with $sheets assets"
