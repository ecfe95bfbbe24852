# The simulator on http://localhost:8080:  docker build -t media-api-simulator .  &&  docker run --rm -p 8080:8080 media-api-simulator
# docs/container.md tells the rest. `make image` builds it with docker, podman or buildah, and without a registry too.

# Any Python from 3.11 on, of any architecture. Where it has no pip, BUILD_IMAGE names the same with one.
ARG PYTHON_IMAGE=python:3.13-slim
ARG BUILD_IMAGE=${PYTHON_IMAGE}

# What others wrote, which seldom changes. How packages are reached may be told by secrets, which stay out of every layer.
FROM ${BUILD_IMAGE} AS dependencies
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
# For `strip`, which makes the image a tenth smaller; it may be missing.
RUN command -v strip || (apt-get update && apt-get install --yes --no-install-recommends binutils) || true
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/simulator
COPY pyproject.toml constraints.txt ./
COPY image/environment.py image/
COPY image/wheels image/wheels
# `live` does jobs for real. Without a GPU, first see to the CPU build of torch: docs/container.md.
ARG EXTRAS=
# (What is left out of compiling are tests of PyTorch, some for a newer Python than this may be.)
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.pem \
    python3 image/environment.py requirements "$EXTRAS" > /requirements.txt \
    && /opt/build/bin/pip --python /opt/simulator/bin/python install --no-compile --constraint constraints.txt --find-links image/wheels --requirement /requirements.txt \
    && python3 image/environment.py trim /opt/simulator \
    && python3 -m compileall -q -f -j 0 -x /testing/_internal/ --invalidation-mode unchecked-hash /opt/simulator/lib

# What we wrote: the wheel, installed below /own, so that a new version is a small layer.
FROM dependencies AS own
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.pem \
    /opt/build/bin/pip install --constraint constraints.txt hatchling msgspec PyYAML
COPY hatch_build.py README.md LICENSE ./
COPY simulator simulator
COPY openapi openapi
COPY scenarios scenarios
ARG SOURCE_DATE_EPOCH
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/build/bin/pip --python /opt/simulator/bin/python install --no-deps --no-compile --root /own /wheels/*.whl \
    && python3 -m compileall -q -f -j 0 --invalidation-mode unchecked-hash -s /own -p / /own/opt/simulator/lib \
    && mkdir -p /own/simulator

FROM ${PYTHON_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="media-api-simulator" \
      org.opencontainers.image.description="A server that plays asynchronous media APIs, on a clock that tests command." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=dependencies /opt/simulator /opt/simulator
COPY --from=own /own/opt/simulator /opt/simulator
# Mount your scenarios/ and tls/ here; a volume that is empty takes on this folder's owner.
COPY --from=own --chown=10001:10001 /own/simulator /simulator
ENV PATH=/opt/simulator/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Settings as variables, so that whatever is given after `serve` adds to them. docs/settings.md lists all.
ENV SIMULATOR_HOST=0.0.0.0 SIMULATOR_OPEN_CONTROL=true SIMULATOR_FOLDER=/simulator SIMULATOR_LOG=text
# By number, so that a cluster can see that it is not root.
USER 10001:10001
WORKDIR /simulator
EXPOSE 8080 8443
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["simulator", "health"]
ENTRYPOINT ["simulator"]
CMD ["serve"]
