"""Personalised PageRank by pushing."""

from .push_pagerank import push_pagerank as push_pagerank
