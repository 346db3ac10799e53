FROM debian:12
RUN ["apt-get", "install", "-y", "postgresql"]
COPY docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
EXPOSE 5432
VOLUME /var/lib/postgresql
CMD ["postgres"]
