# runbook in an image: `docker build -t runbook .`; how to run playbooks with it: docs/how-to/container.md
# PYTHON_IMAGE may name a mirror's, or another with Debian's tools and Python 3.11 or newer.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS built
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY runbook runbook
RUN python3 -m venv /opt/runbook \
    && /opt/runbook/bin/python -m pip install --no-cache-dir --disable-pip-version-check -c constraints.txt .

FROM ${PYTHON_IMAGE}
# Its home has ~/.ssh and the history of runs. The number is that of the first user of most machines.
RUN useradd --uid 1000 --create-home --shell /bin/sh runbook \
    && install -d -o runbook -g runbook /project
COPY --from=built /opt/runbook /opt/runbook
ENV PATH=/opt/runbook/bin:$PATH
# As a number, so that who forbids root can see that it is none.
USER 1000:1000
WORKDIR /project
CMD ["runbook", "--help"]
