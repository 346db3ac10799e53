FROM alpine:3.19
RUN apk add --no-cache bash curl \
    # a comment among lines
    openssl
RUN <<EOF
set -e
apk add git
EOF
COPY <<-"CONF" /etc/tool.conf
	name=value
	CONF
WORKDIR /srv/app
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
VOLUME /var/lib/tool data
CMD exec ./run --port=$PORT
