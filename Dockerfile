# The simulator on http://localhost:8080:  docker build -t media-api-simulator .  &&  docker run --rm -p 8080:8080 media-api-simulator

FROM python:3.13-slim AS build
WORKDIR /source
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/build && python -m venv --without-pip /opt/simulator
COPY constraints.txt ./
RUN /opt/build/bin/pip install --constraint constraints.txt hatchling msgspec PyYAML
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY simulator simulator
COPY openapi openapi
COPY scenarios scenarios
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .
RUN /opt/build/bin/pip --python /opt/simulator/bin/python install --constraint constraints.txt /wheels/*.whl
# Compiled now, and never looked at again: containers often start with PYTHONDONTWRITEBYTECODE or a read-only root.
RUN /opt/simulator/bin/python -m compileall -q -f -j 0 --invalidation-mode unchecked-hash /opt/simulator/lib

FROM python:3.13-slim
COPY --from=build /opt/simulator /opt/simulator
ENV PATH=/opt/simulator/bin:$PATH PYTHONUNBUFFERED=1 SIMULATOR_OPEN_CONTROL=true
# By number, so that a cluster can see that it is not root.
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/_simulator/health', timeout=2)"]
ENTRYPOINT ["simulator"]
CMD ["serve", "--host", "0.0.0.0"]
