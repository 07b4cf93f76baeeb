"""The embedded cloud that bin/up and the journey tests run on.

Nothing in dashboard/ or deployments/ knows it: both reach it by AWS_ENDPOINT_URL alone.
"""
