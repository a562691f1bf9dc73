# web: the pages that people use.
#
# main  serve  without a database: it asks the other services, and reads their streams

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "driver" {
  type    = string
  default = "exec"
}

variable "artifacts" {
  description = "Where the services' archives are fetched from. Empty: `command` is run."
  type        = string
  default     = ""
}

variable "command" {
  description = "Absolute path of the binary; used where there are no artifacts."
  type        = string
  default     = ""
}

variable "count" {
  type    = number
  default = 2
}

variable "canary" {
  type    = number
  default = 1
}

variable "service_cpu" {
  type    = number
  default = 1000
}

variable "web_memory" {
  description = "Each browser that listens takes some 17 kB: 10,000 of them are 200 MB in all."
  type        = number
  default     = 512
}

variable "check_interval" {
  type    = string
  default = "5s"
}

variable "min_healthy_time" {
  type    = string
  default = "10s"
}

variable "shutdown_delay" {
  description = "Between leaving Consul and SIGTERM: the time in which Traefik and peers notice."
  type        = string
  default     = "5s"
}

variable "restart_splay" {
  description = "Instances restart at random within this time after a secret has changed."
  type        = string
  default     = "30s"
}

variable "redis_host" {
  type    = string
  default = "redis.service.consul"
}

variable "redis_port" {
  type    = number
  default = 6379
}

variable "consul_address" {
  description = "Where the other services are found."
  type        = string
  default     = "127.0.0.1:8500"
}

variable "trusted_hops" {
  description = "Proxies of ours in front of Traefik; each appends an address to X-Forwarded-For."
  type        = number
  default     = 0
}

variable "allowed_origins" {
  description = "Origins besides the host's own that may send state-changing requests."
  type        = list(string)
  default     = []
}

variable "log_filter" {
  type    = string
  default = "info"
}

variable "otlp_endpoint" {
  description = "Where traces go. Empty: nowhere."
  type        = string
  default     = ""
}

variable "public_url" {
  description = "Where people reach the pages; without a slash at the end."
  type        = string
  default     = "https://ticketing.dev"
}

job "web" {
  datacenters = var.datacenters
  type        = "service"

  group "web" {
    count = var.count

    network {
      port "http" {}
      port "admin" {}
    }

    update {
      max_parallel      = 1
      canary            = var.canary
      auto_promote      = var.canary > 0
      auto_revert       = true
      health_check      = "checks"
      min_healthy_time  = var.min_healthy_time
      healthy_deadline  = "2m"
      progress_deadline = "5m"
    }

    # Never runs out: after 20 restarts within a minute it waits for the next minute.
    restart {
      attempts = 20
      interval = "1m"
      delay    = "1s"
      mode     = "delay"
    }

    reschedule {
      delay          = "5s"
      delay_function = "exponential"
      max_delay      = "1m"
      unlimited      = true
    }

    task "web" {
      driver = var.driver

      # SIGTERM, then SHUTDOWN_DEADLINE for what is in flight, then the telemetry's flush.
      shutdown_delay = var.shutdown_delay
      kill_signal    = "SIGTERM"
      kill_timeout   = "35s"

      dynamic "artifact" {
        for_each = var.artifacts == "" ? [] : [var.artifacts]
        content {
          source = "${artifact.value}/web-linux-amd64.tar.gz"
        }
      }

      config {
        command = var.artifacts == "" ? var.command : "local/web"
        args    = ["serve"]
      }

      env {
        HTTP_ADDRESS      = "${NOMAD_ADDR_http}"
        ADMIN_ADDRESS     = "${NOMAD_ADDR_admin}"
        REDIS_URL         = "redis://${var.redis_host}:${var.redis_port}"
        CONSUL_HTTP_ADDR  = var.consul_address
        PUBLIC_URL        = var.public_url
        TRUSTED_HOPS      = var.trusted_hops
        ALLOWED_ORIGINS   = join(",", var.allowed_origins)
        SHUTDOWN_DEADLINE = "25s"
        LOG_FORMAT        = "json"
        RUST_LOG          = var.log_filter
      }

      # Restarted when a secret changes, not all instances at once.
      template {
        destination = "${NOMAD_SECRETS_DIR}/secrets.env"
        env         = true
        perms       = "0600"
        change_mode = "restart"
        splay       = var.restart_splay
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/web" -}}
          REDIS_PASSWORD={{ .redis_password }}
          FORWARDED_TOKEN={{ .forwarded_token }}
          FORM_KEY={{ .form_key }}
          {{- end }}
          %{if var.otlp_endpoint != ""}OTEL_EXPORTER_OTLP_ENDPOINT=${var.otlp_endpoint}%{endif}
        EOT
      }

      # A dependency that is down makes the check a warning (429): the instance keeps its traffic
      # and answers 503 itself, but no deployment passes as healthy (on_update is left at
      # require_healthy).
      service {
        name     = "web"
        port     = "http"
        provider = "consul"
        tags = [
          "traefik.enable=true",
          # Whatever no other service takes.
          "traefik.http.routers.web.entrypoints=web",
          "traefik.http.routers.web.rule=PathPrefix(`/`)",
          "traefik.http.routers.web.priority=1",
          "traefik.http.routers.web.middlewares=web@file",
        ]

        check {
          name     = "ready"
          type     = "http"
          port     = "admin"
          path     = "/health/ready?dependencies=warn"
          interval = var.check_interval
          timeout  = "2s"
        }
      }

      # For Prometheus and for the other services' internal calls; never routed.
      service {
        name     = "web-admin"
        port     = "admin"
        provider = "consul"
        tags     = ["traefik.enable=false"]

        check {
          name     = "live"
          type     = "http"
          path     = "/health/live"
          interval = var.check_interval
          timeout  = "2s"
        }
      }

      resources {
        cpu    = var.service_cpu
        memory = var.web_memory
      }
    }
  }
}
