# The bundle behind Static Web Server, and nothing else. It listens on $PORT (8080 where that is not given).

# The Rust and the Debian with which the tests are run. Later ones of the same series do as well: raise them together, so
# that both stages have one Debian; older than Cargo.toml's rust-version is not enough (tools/inputs.sh).
FROM rust:1.95.0-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends brotli
WORKDIR /src
# The tools first: they change seldom, and their layers are kept.
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
