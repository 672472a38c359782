# Onefold in a container: the wheel in an environment of its own, a project laid from it, nothing run as root.
#
#   docker build -t onefold .
#   docker run --rm -v onefold-home:/home-of-onefold onefold doctor
#
# Mount your own project (`onefold init`) over /project; keep /home-of-onefold in a volume: it holds what must last.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# The locked versions of what runs (pip takes no extras in constraints); the linters that the lock also holds stay out of the image.
COPY requirements.lock ./
RUN python -m venv /opt/onefold && sed -n 's/^\([a-z0-9][a-z0-9._-]*\)\(\[[^]]*\]\)\{0,1\}\(==.*\) \\$/\1\3/p' requirements.lock > versions.txt \
    && /opt/onefold/bin/pip install --constraint versions.txt setuptools wheel
COPY pyproject.toml wheel_build.py README.md LICENSE workspace.yaml ./
COPY cdp_assets ./cdp_assets
COPY dbt_project ./dbt_project
COPY data/reference ./data/reference
RUN /opt/onefold/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/onefold/bin/pip install --constraint versions.txt dist/onefold-*.whl

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 onefold \
    && install -d -o onefold -g onefold -m 0700 /home-of-onefold \
    && install -d -o onefold -g onefold /project /inbox
COPY --from=build /opt/onefold /opt/onefold
ENV PATH=/opt/onefold/bin:$PATH \
    ONEFOLD_PROJECT=/project \
    ONEFOLD_HOME=/home-of-onefold/home \
    ONEFOLD_INBOX=/inbox \
    DAGSTER_HOME=/home-of-onefold/home/dagster \
    DAGSTER_DISABLE_TELEMETRY=1 \
    DO_NOT_TRACK=1 \
    PYTHONDONTWRITEBYTECODE=1
# By number, so that whoever runs it can see that it is not root (Kubernetes: runAsNonRoot).
USER 10001
WORKDIR /project
RUN onefold init /project
VOLUME ["/home-of-onefold"]
ENTRYPOINT ["onefold"]
CMD ["run"]
