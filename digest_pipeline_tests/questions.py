"""What the web interface asks Dagster in GraphQL when a person clicks."""

from __future__ import annotations

LAUNCH = """
mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
RETRY = """
mutation($params: ReexecutionParams!) {
  reexecutePartitionBackfill(reexecutionParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
STATUS = """
query($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status runs { runId status } }
  }
}"""

TERMINATE = """
mutation($runId: String!) {
  terminateRun(runId: $runId, terminatePolicy: SAFE_TERMINATE) { __typename }
}"""
EVERYTHING_SAID = """
query {
  instance { info }
  workspaceOrError { ... on Workspace { locationEntries {
    displayMetadata { key value }
    locationOrLoadError { ... on PythonError { message stack } }
  } } }
  assetNodes {
    description
    configField { configType { recursiveConfigTypes { key description } } }
    metadataEntries { label description ... on TextMetadataEntry { text } }
    assetMaterializations { metadataEntries {
      label ... on TextMetadataEntry { text } ... on MarkdownMetadataEntry { mdStr }
      ... on JsonMetadataEntry { jsonString } ... on PathMetadataEntry { path }
     ... on UrlMetadataEntry { url }
    } }
  }
  runsOrError { ... on Runs { results {
    runConfigYaml runConfig tags { key value }
    eventConnection(limit: 1000) { events {
      __typename
      ... on MessageEvent { message }
      ... on ErrorEvent { error { message stack errorChain { error { message stack } } } }
    } }
  } } }
}"""
"""Definitions, configuration, metadata and events, as the pages of the web interface show them."""


def keys(*paths: str) -> list[dict[str, list[str]]]:
    """Asset keys as GraphQL takes them."""
    return [{"path": path.split("/")} for path in paths]
