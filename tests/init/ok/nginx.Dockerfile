# syntax=docker/dockerfile:1
FROM debian:12-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends nginx=1.22.* ca-certificates && \
    rm -rf /var/lib/apt/lists/*
COPY nginx.conf /etc/nginx/nginx.conf
COPY html/ /var/www/html/
EXPOSE 80 443/tcp
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
