# The Consul agent of a local stack (`consul agent -dev`). Its ports come from ports.env, as flags.

bind_addr   = "127.0.0.1"
client_addr = "127.0.0.1"

disable_update_check = true

# Only the catalogue and its health checks are used: no DNS, no mesh, no second data centre.
ports {
  dns      = -1
  grpc     = -1
  grpc_tls = -1
  https    = -1
  serf_wan = -1
}

connect {
  enabled = false
}

telemetry {
  disable_hostname          = true
  prometheus_retention_time = "1m"
}
