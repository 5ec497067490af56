# One image for every Waybill process; the command says which. Built from the hashed requirements, without the
# embedded servers and the tools of development, and run as a user of its own.
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements requirements
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && python -m venv --without-pip /srv/waybill \
    && uv pip install --python /srv/waybill/bin/python --no-cache --compile-bytecode --require-hashes \
        -r requirements/runtime.txt
COPY . .
# The build's own tools come hashed as well: their versions and hashes stand in dev.txt.
RUN uv build --wheel --no-cache --build-constraints requirements/dev.txt --require-hashes --out-dir dist \
    && uv pip install --python /srv/waybill/bin/python --no-cache --compile-bytecode --no-deps dist/*.whl

FROM python:3.13-slim
ENV PATH=/srv/waybill/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WAYBILL_DATA_DIR=/var/lib/waybill \
    WAYBILL_HOST=0.0.0.0 \
    WAYBILL_LOG_FORMAT=json
# The directory exists here, so that a new volume mounted on it belongs to this user.
RUN useradd --system --uid 10001 --home-dir /var/lib/waybill --create-home waybill
COPY --from=build /srv/waybill /srv/waybill
USER 10001
WORKDIR /var/lib/waybill
VOLUME /var/lib/waybill
ENTRYPOINT ["waybill"]
CMD ["--help"]
