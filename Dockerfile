# One image for the server (`serve`, the default), for workers (`work`) and for every other command.

FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir "uv>=0.9,<1"
WORKDIR /build
COPY requirements.lock ./
RUN uv venv --python /usr/local/bin/python /opt/hocso \
    && uv pip install --python /opt/hocso/bin/python --no-cache --compile-bytecode --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
# A voice for videos made of lessons, and LibreOffice with letters for office files in lessons. `--build-arg TOOLS=` leaves
# them out: such videos are silent then, such files are offered to download.
ARG TOOLS="libespeak-ng1 libreoffice-writer-nogui libreoffice-impress-nogui fonts-liberation"
RUN if [ -n "$TOOLS" ]; then \
        apt-get update && apt-get install -y --no-install-recommends $TOOLS && rm -rf /var/lib/apt/lists/*; \
    fi
ENV PATH=/opt/hocso/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8000 DEMO=0 DATA_DIR=/data MEDIA_URL=file:///data/media
# Fixed numbers, so that folders of the host can be given to it.
RUN groupadd --gid 10001 hocso && useradd --uid 10001 --gid hocso --home-dir /data --create-home hocso
WORKDIR /srv/hocso
COPY --from=build /opt/hocso /opt/hocso
COPY alembic.ini ./
COPY app app
COPY courses courses
COPY migrations migrations
COPY templates templates
RUN python -m compileall -q app migrations
USER hocso
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
