# feedrec as an image: docker build -t feedrec .   (or podman, buildah; docs/ci.md shows it in use)
ARG PYTHON=3.13
FROM python:${PYTHON}-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
RUN python -m venv /build && /build/bin/pip install --no-cache-dir -c constraints.txt hatchling
COPY feedrec feedrec
RUN python -m venv --without-pip /opt/feedrec \
    && /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /build/bin/pip --python /opt/feedrec install --no-cache-dir -c constraints.txt "$(echo /wheels/*.whl)[metrics]"

FROM python:${PYTHON}-slim
COPY --from=build /opt/feedrec /opt/feedrec
# So that a volume that Docker makes here can be recorded to.
RUN install -d -o 1000 -g 1000 /recordings
# Within a container, nobody else reaches 127.0.0.1: who may connect is decided by what is published (-p).
ENV PATH=/opt/feedrec/bin:$PATH PYTHONUNBUFFERED=1 FEEDREC_REPLAY_HOST=0.0.0.0 FEEDREC_PROXY_HOST=0.0.0.0
WORKDIR /recordings
USER 1000:1000
EXPOSE 8765 8766
COPY deploy/container/health.py /opt/feedrec/
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["python", "/opt/feedrec/health.py"]
ENTRYPOINT ["feedrec"]
CMD ["--help"]
