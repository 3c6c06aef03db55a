# hybridsent serve in a container:
#
#   docker build -t hybridsent .
#   docker run -p 8000:8000 -v $PWD/model.hybridsent:/model.hybridsent:ro \
#     -v $PWD/tokens:/run/secrets/hybridsent-tokens:ro hybridsent
#
# No weights and no tokens are in the image: weights come with the packages that are installed, or
# with -v CACHE:/home/hybridsent/.cache; tokens are a file that is mounted.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 hybridsent
WORKDIR /app

COPY pyproject.toml README.md LICENSE ./
COPY hybridsent ./hybridsent
COPY pipelines ./pipelines
RUN pip install --no-cache-dir ".[serve]"

USER hybridsent
ENV PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    HYBRIDSENT_NETWORKS=/home/hybridsent/networks
EXPOSE 8000
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/ready', timeout=2)"]

CMD ["hybridsent", "serve", "/model.hybridsent", "--host", "0.0.0.0", "--port", "8000", "--token-file", "/run/secrets/hybridsent-tokens"]
