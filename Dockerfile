# The bundle behind Static Web Server, and nothing else. It listens on $PORT (8080 where that is not given).

FROM rust:1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends brotli
WORKDIR /src
# The tools first: they change seldom, and their layers are kept.
COPY tools/setup.sh tools/wasm-env.sh tools/
COPY Cargo.lock ./
RUN tools/setup.sh wasm trunk server
COPY . .
RUN tools/wasm-env.sh trunk build --release --dist dist

FROM debian:bookworm-slim
RUN useradd --system --no-create-home web
COPY --from=build /src/target/tools/bin/static-web-server /usr/local/bin/
COPY --from=build /src/dist /srv/dist
COPY sws.toml tools/start.sh /srv/
WORKDIR /srv
USER web
CMD ["./start.sh"]
