# The Nomad agent of a local stack (`nomad agent -dev`). Ports, the address of Consul and the data
# folder differ from stack to stack and are generated into a second file beside the state.

bind_addr            = "127.0.0.1"
disable_update_check = true

client {
  # Probes of clouds and of bridge networks take seconds here and find nothing; env_aws is even
  # fatal where AWS_CA_BUNDLE is set.
  options = {
    "fingerprint.denylist" = "env_aws,env_azure,env_digitalocean,env_gce,cni,bridge"
  }
}

plugin "raw_exec" {
  config {
    enabled = true
  }
}

consul {
  # Jobs register; the agent itself has nothing to tell.
  auto_advertise   = false
  server_auto_join = false
  client_auto_join = false
}

telemetry {
  # By default every task's processes and control groups are looked through each second.
  collection_interval        = "10s"
  prometheus_metrics         = true
  publish_allocation_metrics = true
  publish_node_metrics       = true
}
