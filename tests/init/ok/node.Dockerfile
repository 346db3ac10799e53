FROM node:20 AS deps
WORKDIR /usr/src/app
COPY package*.json ./
RUN npm ci
FROM deps
COPY --chown=node:node src "/usr/src/app/my src/"
EXPOSE 3000
USER node
CMD ["node", "server.js"]
