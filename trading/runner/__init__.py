"""The runner: the one process that owns the books and acts on what the engine decides.

`runner` is the loop; it takes (`taking`), decides (`deciding`), commits (`committing`) and tells
(`telling`). It begins with `lock` and `restore`, and keeps snapshots (`snapshots`). What is not
here: any rule of trading (`engine`) and what events mean in rows (`trading.projections`).
"""
