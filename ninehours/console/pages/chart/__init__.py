"""Page 3, the chart: a client's care on one axis of weeks, each band with its table."""
