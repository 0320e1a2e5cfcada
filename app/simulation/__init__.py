"""A made-up province of any size for trials and measurements; never on a database that holds real people."""
