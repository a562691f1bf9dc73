# What a local stack sets otherwise than production. Ports, paths and users are added by `stack`.

# Says that this is no production: payments may be simulated.
environment = "dev"

driver = "raw_exec"

check_interval   = "1s"
min_healthy_time = "1s"
shutdown_delay   = "1s"
restart_splay    = "1s"
count            = 1

postgres_listen         = "127.0.0.1"
postgres_host           = "127.0.0.1"
postgres_shared_buffers = "256MB"
postgres_max_wal_size   = "4GB"
redis_listen            = "127.0.0.1"
redis_host              = "127.0.0.1"
redis_maxmemory         = "2gb"
traefik_listen          = "127.0.0.1"
traefik_dashboard       = true

# High enough for a load test from one address; the tests of limits set their own.
rate_limit_average = 1000000
rate_limit_burst   = 1000000
signin_per_account = "1000000/1m"
signin_per_address = "1000000/1m"
signup_per_address = "1000000/1m"

# A laptop must have room for all. Memory is a limit as well, wherever Nomad has cgroups.
postgres_cpu    = 100
postgres_memory = 1024
redis_cpu       = 50
redis_memory    = 512
traefik_cpu     = 50
traefik_memory  = 384
service_cpu     = 50
service_memory  = 128
web_memory      = 384
