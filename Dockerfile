# An image of `zeroshot serve`, for the CPU, from a wheel:
#
#   python -m build --wheel
#   docker build --tag zeroshot .
#   docker run --publish 127.0.0.1:8000:8000 --env ZEROSHOT_TOKEN=... \
#     --volume "$PWD/part.recipe:/recipes/part.recipe:ro" zeroshot /recipes/part.recipe
FROM python:3.13-slim
RUN useradd --create-home inspector
WORKDIR /srv/zeroshot
COPY dist/*.whl ./
RUN pip install --no-cache-dir "$(ls ./*.whl)[serve]"
RUN rm ./*.whl
USER inspector
# Shows that it works, and builds the network's file before the first start.
RUN zeroshot demo --out="$HOME/demo" && rm -r "$HOME/demo"
EXPOSE 8000
ENTRYPOINT ["zeroshot", "serve", "--host=0.0.0.0"]
