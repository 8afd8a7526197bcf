"""The peers: a file for each library, in it the pipelines by the same names, as its documentation advises."""
