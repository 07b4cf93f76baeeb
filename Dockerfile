# One image for every process of Edaha; the command chooses the role:
#
#     web  build-worker  control-worker  beat  router  migrate  manage …
#
# What each needs is told in docs/production.md.

ARG BASE=python:3.11-slim-bookworm


# git for checkouts, docker and buildx for builds, nginx for the router. Debian's own packages,
# verified by apt; unpacked instead of installed, since only these programs are wanted and not
# the perl, systemd and engine that their packages bring along.
FROM ${BASE} AS tools
COPY <<trixie.sources <<trixie /etc/apt/
Types: deb
URIs: @mirror@
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
trixie.sources
Package: *
Pin: release n=trixie
Pin-Priority: 100
trixie
WORKDIR /packages
# Debian 12 has no buildx; trixie's runs on its libraries, and lies on the same mirror.
RUN mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
        'Release: bookworm' | head -n 1) \
 && sed -i "s|@mirror@|$mirror|" /etc/apt/trixie.sources \
 && mv /etc/apt/trixie.sources /etc/apt/sources.list.d/ \
 && mv /etc/apt/trixie /etc/apt/preferences.d/ \
 && apt-get update --quiet \
 && apt-get download --quiet git nginx tini docker-cli/trixie docker-buildx/trixie \
 && for package in *.deb; do dpkg-deb --extract "$package" /unpacked; done \
 && rm -r /packages
WORKDIR /unpacked/usr
RUN mkdir -p /tools/bin /tools/sbin /tools/lib/git-core /tools/share/git-core/templates \
             /tools/libexec/docker/cli-plugins \
 && mv bin/git bin/tini bin/docker /tools/bin/ \
 && mv sbin/nginx /tools/sbin/ \
 && mv lib/git-core/git-remote-http lib/git-core/git-remote-https /tools/lib/git-core/ \
 && ln -s ../../bin/git /tools/lib/git-core/git \
 && ln -s ../../bin/git /tools/lib/git-core/git-upload-pack \
 && mv libexec/docker/cli-plugins/docker-buildx /tools/libexec/docker/cli-plugins/


FROM ${BASE} AS python
WORKDIR /build
COPY requirements.txt ./
# Where packages come through a proxy, it is told by secrets that stay out of the image:
#     --secret id=pip.conf,src=/etc/pip.conf  --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt
RUN --mount=type=secret,id=pip.conf,target=/run/secrets/pip.conf,mode=0444 \
    --mount=type=secret,id=ca,target=/run/secrets/ca.pem,mode=0444 \
    python3 -m venv /opt/edaha \
 && if [ -e /run/secrets/pip.conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip.conf; fi \
 && if [ -e /run/secrets/ca.pem ]; then export PIP_CERT=/run/secrets/ca.pem; fi \
 && sed '/^-r /d' requirements.txt >product.txt \
 && /opt/edaha/bin/pip install --quiet --disable-pip-version-check --no-cache-dir \
        --requirement product.txt \
 && /opt/edaha/bin/pip uninstall --quiet --yes setuptools pip
COPY deployments/adapters deployments/adapters
COPY bin/trim-image ./
RUN /opt/edaha/bin/python trim-image /opt/edaha deployments/adapters


FROM ${BASE}
# What the tools above are linked with.
RUN apt-get update --quiet \
 && apt-get install --quiet --yes --no-install-recommends \
        ca-certificates libcurl3-gnutls libpcre2-8-0 libssl3 zlib1g \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log \
 && groupadd --gid 10001 edaha \
 && useradd --uid 10001 --gid edaha --no-create-home --home-dir /var/lib/edaha \
        --shell /usr/sbin/nologin edaha \
 && install --directory --owner edaha --group edaha --mode 0750 /var/lib/edaha \
 && ln -s /tmp/router /var/lib/nginx
COPY --from=tools /tools /usr
COPY --from=python /opt/edaha /opt/edaha
WORKDIR /app
COPY manage.py ./
COPY bin/entrypoint bin/entrypoint
COPY router router
COPY deployments deployments
COPY locale locale
COPY static static
COPY templates templates
COPY dashboard dashboard
ENV PATH=/opt/edaha/bin:/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    EDAHA_DATA=/var/lib/edaha \
    EDAHA_STATIC_ROOT=/app/staticfiles \
    EDAHA_ALIVE_FILE=/tmp/edaha.alive
# The key is for this command only: nothing that is collected depends on it.
RUN EDAHA_SECRET_KEY=only-for-collecting-the-static-files python manage.py collectstatic \
        --no-input --verbosity 0 \
 && python -m compileall -q dashboard deployments router
USER 10001:10001
EXPOSE 8000 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["entrypoint", "health"]
# uvicorn ends by the signal that it was stopped with: after a graceful stop that is success.
ENTRYPOINT ["tini", "-e", "143", "--", "entrypoint"]
CMD ["web"]
