# Traefik: the only way in. Routes come from the tags of the other jobs, by Consul's catalogue;
# traefik/ holds the entry points (traefik.yml) and what requests pass (middlewares.yml).

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "driver" {
  type    = string
  default = "exec"
}

variable "traefik_command" {
  type    = string
  default = "/usr/local/bin/traefik"
}

variable "traefik_listen" {
  description = "Where clients come in; the admin entry point (dashboard, ping, metrics) is local."
  type        = string
  default     = "0.0.0.0"
}

variable "traefik_web_port" {
  type    = number
  default = 80
}

variable "traefik_admin_port" {
  type    = number
  default = 8081
}

variable "traefik_trusted_ips" {
  description = "Load balancers in front, whose X-Forwarded-* headers are believed. None by default."
  type        = list(string)
  default     = []
}

variable "traefik_access_log" {
  description = "Holds addresses, which are personal data: off unless there is a reason."
  type        = bool
  default     = false
}

variable "rate_limit_average" {
  description = "Requests a second from one address, sustained."
  type        = number
  default     = 100
}

variable "rate_limit_burst" {
  type    = number
  default = 200
}

variable "max_body_bytes" {
  type    = number
  default = 2097152
}

variable "consul_address" {
  type    = string
  default = "127.0.0.1:8500"
}

variable "traefik_cpu" {
  type    = number
  default = 1000
}

variable "traefik_memory" {
  type    = number
  default = 512
}

variable "check_interval" {
  type    = string
  default = "5s"
}

variable "min_healthy_time" {
  type    = string
  default = "10s"
}

variable "traefik_dashboard" {
  description = "Serve Traefik's dashboard and API on the admin port, without authentication."
  type        = bool
  default     = false
}

variable "trusted_hops" {
  description = "Proxies of ours in front of Traefik; each appends an address to X-Forwarded-For."
  type        = number
  default     = 0
}

job "traefik" {
  datacenters = var.datacenters
  type        = "service"

  group "traefik" {
    count = 1

    network {
      port "web" {
        static = var.traefik_web_port
      }
      port "admin" {
        static = var.traefik_admin_port
      }
    }

    update {
      max_parallel     = 1
      health_check     = "checks"
      min_healthy_time = var.min_healthy_time
      healthy_deadline = "2m"
    }

    restart {
      attempts = 20
      interval = "1m"
      delay    = "1s"
      mode     = "delay"
    }

    task "traefik" {
      driver = var.driver

      config {
        command = var.traefik_command
        args    = ["--configFile=${NOMAD_TASK_DIR}/traefik.yml"]
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "20s"

      env {
        LISTEN             = var.traefik_listen
        TRUSTED_IPS        = jsonencode(var.traefik_trusted_ips)
        ACCESS_LOG         = var.traefik_access_log
        CONSUL_ADDRESS     = var.consul_address
        RATE_LIMIT_AVERAGE = var.rate_limit_average
        RATE_LIMIT_BURST   = var.rate_limit_burst
        MAX_BODY_BYTES     = var.max_body_bytes
        TRUSTED_HOPS       = var.trusted_hops
        DASHBOARD          = var.traefik_dashboard
        # So that it collects its garbage before it gets near the limit, where the kernel would take its code's
        # pages away again and again, and nothing moved any more.
        GOMEMLIMIT = "${floor(var.traefik_memory * 0.6)}MiB"
      }

      # [[ ]] is Nomad's here; middlewares.yml keeps {{ }}, which Traefik itself renders.
      template {
        destination     = "${NOMAD_TASK_DIR}/traefik.yml"
        left_delimiter  = "[["
        right_delimiter = "]]"
        data            = file("traefik/traefik.yml")
      }

      template {
        destination     = "${NOMAD_TASK_DIR}/dynamic/middlewares.yml"
        left_delimiter  = "[["
        right_delimiter = "]]"
        change_mode     = "noop"
        data            = file("traefik/middlewares.yml")
      }

      template {
        destination = "${NOMAD_SECRETS_DIR}/token.env"
        env         = true
        perms       = "0600"
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/traefik" -}}
          FORWARDED_TOKEN={{ .forwarded_token }}
          {{- end }}
        EOT
      }

      service {
        name     = "traefik"
        port     = "web"
        provider = "consul"
        tags     = ["traefik.enable=false"]

        check {
          type     = "http"
          port     = "admin"
          path     = "/ping"
          interval = var.check_interval
          timeout  = "2s"
        }
      }

      resources {
        cpu    = var.traefik_cpu
        memory = var.traefik_memory
      }
    }
  }
}
