FROM python:3.12-slim as base
ENV APP_HOME=/app PYTHONUNBUFFERED=1
WORKDIR $APP_HOME

FROM base
ARG PORT=8000
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
VOLUME ["/data", "${APP_HOME}/uploads"]
EXPOSE ${PORT}
USER app
HEALTHCHECK --interval=30s CMD curl -f http://localhost:8000/ || exit 1
ENTRYPOINT ["python3", "-m", "shop"]
