#!/bin/sh
# lighthouse.sh DIST: rates the bundle with Lighthouse's mobile preset, prints the scores, and fails if one is under 95. The
# reports are saved in target/lighthouse.
set -eu
port=${PORT:-8098}
HOST=127.0.0.1 PORT=$port DIST=$1 PATH=$PWD/target/tools/bin:$PATH tools/start.sh &
server=$!
trap 'kill $server' EXIT
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/healthz"; do sleep 0.1; done

mkdir -p target/lighthouse
for page in '' about; do
    report=target/lighthouse/${page:-home}
    CHROME_PATH=$PWD/target/tools/bin/chromium target/tools/lighthouse/node_modules/.bin/lighthouse \
        "http://127.0.0.1:$port/$page" --quiet --output=json --output=html --output-path="$report" \
        --only-categories=performance,accessibility,best-practices,seo \
        --chrome-flags='--headless --no-sandbox --disable-gpu --disable-quic --no-first-run'
    node -e '
        const { categories } = JSON.parse(require("fs").readFileSync(process.argv[2]));
        const scores = Object.values(categories).map(({ title, score }) => [title, Math.round(100 * score)]);
        console.log(process.argv[1] + ": " + scores.map((pair) => pair.join(" ")).join(", "));
        process.exit(scores.every(([, score]) => score >= 95) ? 0 : 1);
    ' "/$page" "$report.report.json"
done
