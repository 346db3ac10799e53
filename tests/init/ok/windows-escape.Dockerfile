# escape=`
FROM debian
RUN apt-get install -y `
    redis-server
WORKDIR /srv\odd
VOLUME ["/var/lib/a b;#{c}*"]
EXPOSE 6379
CMD ["/usr/bin/redis-server", "/etc/redis/redis.conf"]
