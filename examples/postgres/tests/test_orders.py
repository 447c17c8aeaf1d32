import subprocess


def sql(statement: str) -> str:
    """What psql answers; PGHOST, PGPORT and the like say where the database is."""
    done = subprocess.run(["psql", "-qAtc", statement], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_orders_are_kept():
    sql("CREATE TABLE orders (id serial PRIMARY KEY, amount numeric NOT NULL)")
    sql("INSERT INTO orders (amount) VALUES (19.99), (5.01)")
    assert sql("SELECT sum(amount) FROM orders") == "25.00"


def test_the_database_is_ours_alone():
    assert sql("SELECT current_database()") == "app"
