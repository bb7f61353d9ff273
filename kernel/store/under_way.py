"""Which transactions of this database are under way: those of others on its server don't count."""

# A transaction's id belongs to its database for its life, and others' show by the lock that each
# holds on its own id. One that shows nowhere, since it just began or ended, counts as ours. What
# the statement reads is of the moment of its snapshot, and locks are looked at later: whoever is
# left out was another's then.
OLDEST_OPEN = """
(SELECT coalesce(min(CAST(CAST(open AS text) AS bigint)),
                 CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint))
 FROM pg_snapshot_xip(pg_current_snapshot()) AS open
 WHERE NOT EXISTS (
     SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'transactionid' AND granted AND mode = 'ExclusiveLock'
       AND transactionid = xid(open)
       AND datid <> (SELECT oid FROM pg_database WHERE datname = current_database())))
"""
