create function trusted() returns integer language sql return 1;
