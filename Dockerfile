FROM python:3.13-slim-trixie AS builder

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# Before the code, so that a change of code does not install the dependencies again. What builds the wheel
# has an environment of its own and stays behind.
COPY requirements/build.txt requirements/prod.txt requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r requirements/build.txt \
    && python -m venv /opt/gatehouse \
    && /opt/gatehouse/bin/pip install --require-hashes -r requirements/prod.txt

COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
# pip goes at the end: a service that is running has nothing to install. The modules are compiled here since the
# user below may not write beside them.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /tmp/wheel . \
    && /opt/gatehouse/bin/pip install --no-deps /tmp/wheel/*.whl \
    && /opt/gatehouse/bin/python -m compileall -q /opt/gatehouse/lib \
    && /opt/gatehouse/bin/pip uninstall --yes pip


FROM python:3.13-slim-trixie

# HOME is named because the user has no line in /etc/passwd.
ENV HOME=/var/lib/gatehouse \
    PATH=/opt/gatehouse/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/gatehouse
COPY --from=builder /opt/gatehouse /opt/gatehouse

# A number, so that Kubernetes can see that it is not root. An SQLite database, where there is one, is in the work folder.
USER 10001:10001
WORKDIR /var/lib/gatehouse
EXPOSE 8000
# urlopen raises on anything but success; the image has no curl, and needs none for this.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
ENTRYPOINT ["gatehouse"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
