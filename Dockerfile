# One image for the server (`serve`, the default) and for workers (`work`).
FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000 DEMO=0 \
    DATA_DIR=/data MEDIA_URL=file:///data/media
WORKDIR /srv/hocso
RUN pip install --no-cache-dir "uv>=0.9,<1"
COPY requirements.lock ./
RUN uv pip install --system --no-cache --require-hashes -r requirements.lock
COPY alembic.ini ./
COPY app app
COPY courses courses
COPY migrations migrations
COPY templates templates
RUN useradd --system --home-dir /data --create-home hocso
USER hocso
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
