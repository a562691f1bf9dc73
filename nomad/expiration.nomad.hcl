# expiration: ends holds when their time has come. It keeps its deadlines in Redis and nothing in
# Postgres; while it is away, holds that have ended are freed when somebody asks for their tickets.

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
  default = 500
}

variable "service_memory" {
  type    = number
  default = 256
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
  description = "Between leaving Consul and SIGTERM. Nobody calls it: nothing has to be waited for."
  type        = string
  default     = "0s"
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

variable "log_filter" {
  type    = string
  default = "info"
}

variable "otlp_endpoint" {
  description = "Where traces go. Empty: nowhere."
  type        = string
  default     = ""
}

job "expiration" {
  datacenters = var.datacenters
  type        = "service"

  group "expiration" {
    count = var.count

    network {
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

    task "expiration" {
      driver = var.driver

      # SIGTERM, then SHUTDOWN_DEADLINE for what is in flight, then the telemetry's flush.
      shutdown_delay = var.shutdown_delay
      kill_signal    = "SIGTERM"
      kill_timeout   = "30s"

      dynamic "artifact" {
        for_each = var.artifacts == "" ? [] : [var.artifacts]
        content {
          source = "${artifact.value}/expiration-linux-amd64.tar.gz"
        }
      }

      config {
        command = var.artifacts == "" ? var.command : "local/expiration"
        args    = ["serve"]
      }

      env {
        ADMIN_ADDRESS     = "${NOMAD_ADDR_admin}"
        INSTANCE          = "${NOMAD_ALLOC_ID}"
        REDIS_URL         = "redis://${var.redis_host}:${var.redis_port}"
        SHUTDOWN_DEADLINE = "20s"
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
          {{ with nomadVar "nomad/jobs/expiration" -}}
          REDIS_PASSWORD={{ .redis_password }}
          {{- end }}
          %{if var.otlp_endpoint != ""}OTEL_EXPORTER_OTLP_ENDPOINT=${var.otlp_endpoint}%{endif}
        EOT
      }

      # Never routed. A dependency that is down makes the check a warning (429); no deployment passes as
      # healthy with it (on_update is left at require_healthy).
      service {
        name     = "expiration-admin"
        port     = "admin"
        provider = "consul"
        tags     = ["traefik.enable=false"]

        check {
          name     = "ready"
          type     = "http"
          path     = "/health/ready?dependencies=warn"
          interval = var.check_interval
          timeout  = "2s"
        }
      }

      resources {
        cpu    = var.service_cpu
        memory = var.service_memory
      }
    }
  }
}
