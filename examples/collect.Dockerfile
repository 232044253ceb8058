# docker build -f examples/collect.Dockerfile -t siphonwatch-collect .
FROM node:22-slim
WORKDIR /opt/siphonwatch
COPY package.json package-lock.json ./
COPY packages/recorder/package.json packages/recorder/
RUN npm ci --omit=dev --no-audit --no-fund
COPY . .
USER node
# SIGTERM drains; give it time: stop timeouts of orchestrators are ten to thirty seconds
ENTRYPOINT ["node", "bin/siphonwatch.mjs", "collect"]
CMD ["--keyring", "/run/secrets/keyring.json", "--stream", "siphonwatch-events"]
