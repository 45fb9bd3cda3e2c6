"""Reads every column of every table of a store in pandas, pyarrow, DuckDB, polars and, where it is there, Spark.

Each program must find the same rows, the same columns and the same values in lists, texts and numbers. The first table
that one of them cannot read, or reads otherwise, is named, and the script ends with 1.
"""

import importlib.util
import pathlib
import sys


def pandas(path):
    import pandas

    frame = pandas.read_parquet(path)
    return list(frame.columns), [list(row) for row in frame.itertuples(index=False, name=None)]


def pyarrow(path):
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    return table.column_names, [list(row.values()) for row in table.to_pylist()]


def duckdb(path):
    import duckdb

    found = duckdb.execute("SELECT * FROM read_parquet(?, hive_partitioning = false)", [str(path)])
    return [column[0] for column in found.description], [list(row) for row in found.fetchall()]


def polars(path):
    import polars

    frame = polars.read_parquet(path)
    return frame.columns, [list(row) for row in frame.rows()]


def spark(path):
    frame = spark.session.read.parquet(str(path))
    return frame.columns, [list(row) for row in frame.collect()]


def readers():
    """The programs that are there; Spark is not always."""
    found = [pandas, pyarrow, duckdb, polars]
    if importlib.util.find_spec("pyspark"):
        from pyspark.sql import SparkSession

        try:
            builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
            spark.session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
            spark.session.sparkContext.setLogLevel("ERROR")
            found.append(spark)
        except Exception as error:
            print(f"Spark does not start here: {str(error).splitlines()[0]}")
    return found


def plain(value):
    """A value in the form in which all programs are compared: nothing, a list, or a text."""
    if hasattr(value, "tolist") and not isinstance(value, str):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or value != value or str(value) == "NaT":
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return str(float(value))
    if hasattr(value, "isoformat"):
        # Some programs leave out the zone, which is always UTC, and days come with or without a midnight.
        if hasattr(value, "tzinfo") and value.tzinfo is not None:
            import datetime

            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value.isoformat().removesuffix("T00:00:00")
    return str(value)


def main(store):
    tables = sorted(pathlib.Path(store).rglob("*.parquet"))
    if not tables:
        sys.exit(f"no table lies in {store}")
    programs = readers()
    lists = 0
    for path in tables:
        expected = None
        for read in programs:
            try:
                names, rows = read(path)
            except Exception as error:
                sys.exit(f"{read.__name__} cannot read {path}: {type(error).__name__}: {error}")
            rows = [[plain(value) for value in row] for row in rows]
            if expected is None:
                expected = (names, rows)
                lists += sum(isinstance(value, list) for row in rows for value in row)
            elif names != expected[0]:
                sys.exit(f"{read.__name__} reads other columns in {path}: {names}, not {expected[0]}")
            elif rows != expected[1]:
                pairs = zip(rows, expected[1])
                differs = next(((a, b) for a, b in pairs if a != b), (len(rows), len(expected[1])))
                sys.exit(f"{read.__name__} reads other values in {path}: {differs[0]}, not {differs[1]}")
    if not lists:
        sys.exit("no table holds a list: nothing was learnt about those")
    print(f"{len(tables)} tables read alike in {', '.join(read.__name__ for read in programs)}")


if __name__ == "__main__":
    main(sys.argv[1])
