# Page and service from the lock file. `docker build -t geoclip .`, then `docker compose up`; see docs/service.md.

# The map's parts, so that the page works without a network.
FROM node:22-slim AS web
WORKDIR /web
COPY assets/web/package.json assets/web/package-lock.json assets/web/*.mjs ./
RUN npm ci --no-audit --no-fund --silent
COPY assets/web/ ./
RUN npm run --silent collect

FROM python:3.11-slim AS build
RUN python -m venv /opt/geoclip
ENV PATH=/opt/geoclip/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.lock ./
COPY pyproject.toml README.md LICENSE ./
COPY geoclip_core/ geoclip_core/
COPY assets/ assets/
COPY --from=web /web/dist/ assets/web/dist/
# Versions come from the lock file; what only training and tests need stays out.
RUN pip install --constraint requirements.lock ".[app,serve,geotiff]"

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --home-dir /data geoclip
COPY --from=build /opt/geoclip /opt/geoclip
# MALLOC_ARENA_MAX: else each thread keeps freed memory of its own.
ENV PATH=/opt/geoclip/bin:$PATH PYTHONUNBUFFERED=1 GEOCLIP_CACHE=/data/cache HF_HOME=/data/weights MALLOC_ARENA_MAX=2
USER 10001
WORKDIR /data
# Caches and weights: made and fetched once, kept when the container goes.
VOLUME /data
EXPOSE 8077 8501
HEALTHCHECK --start-period=120s --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8077/health', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "geoclip_core"]
CMD ["serve", "--host", "0.0.0.0"]
