# The bundle behind Static Web Server, and nothing else. It listens on $PORT (8080 by default).

# The Rust and Debian versions used in the tests. Later ones of the same series work, too. Both stages must have the same
# Debian, and Rust must not be older than Cargo.toml's rust-version (tools/inputs.sh checks that).
FROM rust:1.95.0-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends brotli
WORKDIR /src
# The tools first: they rarely change, so their layers are cached.
COPY tools/setup.sh tools/wasm-env.sh tools/
COPY Cargo.lock ./
RUN tools/setup.sh wasm trunk server
COPY . .
RUN make build

FROM debian:12.11-slim
RUN useradd --system --no-create-home web
COPY --from=build /src/target/tools/bin/static-web-server /usr/local/bin/
COPY --from=build /src/dist /srv/dist
COPY sws.toml tools/start.sh /srv/
WORKDIR /srv
USER web
CMD ["./start.sh"]
