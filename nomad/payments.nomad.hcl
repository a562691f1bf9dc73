# payments: orders are paid by Stripe, or the money goes back.
#
# prestart  migrate  as the schema's owner
# main      serve    as the app role, which can't alter the schema

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

variable "service_memory" {
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

variable "postgres_host" {
  type    = string
  default = "postgres.service.consul"
}

variable "postgres_port" {
  type    = number
  default = 5432
}

variable "redis_host" {
  type    = string
  default = "redis.service.consul"
}

variable "redis_port" {
  type    = number
  default = 6379
}

variable "database_connections" {
  description = "The most that one instance opens, besides a few of its own for events."
  type        = number
  default     = 10
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

variable "environment" {
  description = "`dev` on a developer's machine. Nowhere else are payments simulated."
  type        = string
  default     = "production"
}

variable "simulator" {
  description = "Where the payment simulator is, in dev without Stripe's keys. Empty: Stripe is asked."
  type        = string
  default     = ""

  # A condition can't ask for the environment as well: local.stripe_api_base does.
  validation {
    condition     = var.simulator == "" || substr(var.simulator, 0, 17) == "http://127.0.0.1:"
    error_message = "The payment simulator runs on a developer's own machine; production asks Stripe."
  }
}

variable "stripe_timeout" {
  description = "How long Stripe may take to answer. An order's lease (in orders.nomad.hcl) is for two requests."
  type        = string
  default     = "10s"
}

variable "stripe_concurrency" {
  description = "Requests that may wait for Stripe at once. More are answered 503."
  type        = number
  default     = 1024
}

locals {
  simulated = var.simulator != ""

  # Whatever environment has no entry here is refused by Nomad ("Invalid index") before anything runs.
  stripe_api_base = local.simulated ? { dev = var.simulator }[var.environment] : "https://api.stripe.com"
  stripe_js       = local.simulated ? "/stripe-sim/v3/stripe.js" : "https://js.stripe.com/v3/"
}

job "payments" {
  datacenters = var.datacenters
  type        = "service"

  group "payments" {
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

    task "migrate" {
      driver = var.driver

      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      restart {
        attempts = 3
        interval = "1m"
        delay    = "1s"
        mode     = "fail"
      }

      dynamic "artifact" {
        for_each = var.artifacts == "" ? [] : [var.artifacts]
        content {
          source = "${artifact.value}/payments-linux-amd64.tar.gz"
        }
      }

      config {
        command = var.artifacts == "" ? var.command : "local/payments"
        args    = ["migrate"]
      }

      env {
        DATABASE_HOST = var.postgres_host
        DATABASE_PORT = var.postgres_port
        DATABASE_NAME = "ticketing"
        DATABASE_USER = "payments_owner"
        LOG_FORMAT    = "json"
        RUST_LOG      = var.log_filter
      }

      template {
        destination = "${NOMAD_SECRETS_DIR}/secrets.env"
        env         = true
        perms       = "0600"
        change_mode = "noop"
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/payments" -}}
          DATABASE_PASSWORD={{ .database_owner_password }}
          {{- end }}
        EOT
      }

      resources {
        cpu    = 100
        memory = 128
      }
    }

    task "payments" {
      driver = var.driver

      # SIGTERM, then SHUTDOWN_DEADLINE for what is in flight, then the telemetry's flush.
      shutdown_delay = var.shutdown_delay
      kill_signal    = "SIGTERM"
      kill_timeout   = "35s"

      dynamic "artifact" {
        for_each = var.artifacts == "" ? [] : [var.artifacts]
        content {
          source = "${artifact.value}/payments-linux-amd64.tar.gz"
        }
      }

      config {
        command = var.artifacts == "" ? var.command : "local/payments"
        args    = ["serve"]
      }

      env {
        HTTP_ADDRESS         = "${NOMAD_ADDR_http}"
        ADMIN_ADDRESS        = "${NOMAD_ADDR_admin}"
        INSTANCE             = "${NOMAD_ALLOC_ID}"
        DATABASE_HOST        = var.postgres_host
        DATABASE_PORT        = var.postgres_port
        DATABASE_NAME        = "ticketing"
        DATABASE_USER        = "payments_app"
        DATABASE_CONNECTIONS = var.database_connections
        REDIS_URL            = "redis://${var.redis_host}:${var.redis_port}"
        CONSUL_HTTP_ADDR     = var.consul_address
        TRUSTED_HOPS         = var.trusted_hops
        ALLOWED_ORIGINS      = join(",", var.allowed_origins)
        STRIPE_API_BASE      = local.stripe_api_base
        STRIPE_JS            = local.stripe_js
        STRIPE_SIMULATED     = local.simulated
        STRIPE_TIMEOUT       = var.stripe_timeout
        STRIPE_CONCURRENCY   = var.stripe_concurrency
        SHUTDOWN_DEADLINE    = "25s"
        LOG_FORMAT           = "json"
        RUST_LOG             = var.log_filter
      }

      # Restarted when a secret changes, not all instances at once.
      template {
        destination = "${NOMAD_SECRETS_DIR}/secrets.env"
        env         = true
        perms       = "0600"
        change_mode = "restart"
        splay       = var.restart_splay
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/payments" -}}
          DATABASE_PASSWORD={{ .database_app_password }}
          REDIS_PASSWORD={{ .redis_password }}
          FORWARDED_TOKEN={{ .forwarded_token }}
          SERVICE_TOKEN={{ .service_token }}
          STRIPE_KEY={{ .stripe_key }}
          STRIPE_PUBLISHABLE_KEY={{ .stripe_publishable_key }}
          STRIPE_WEBHOOK_SECRET={{ .stripe_webhook_secret }}
          {{- end }}
          %{if var.otlp_endpoint != ""}OTEL_EXPORTER_OTLP_ENDPOINT=${var.otlp_endpoint}%{endif}
        EOT
      }

      # A dependency that is down makes the check a warning (429): the instance keeps its traffic
      # and answers 503 itself, but no deployment passes as healthy (on_update is left at
      # require_healthy).
      service {
        name     = "payments"
        port     = "http"
        provider = "consul"
        tags = [
          "traefik.enable=true",
          "traefik.http.routers.payments.entrypoints=web",
          "traefik.http.routers.payments.rule=Path(`/api/payments`) || PathPrefix(`/api/payments/`)",
          "traefik.http.routers.payments.middlewares=api@file",
          # Above the other, which Traefik would prefer for its longer rule.
          "traefik.http.routers.payments-webhook.entrypoints=web",
          "traefik.http.routers.payments-webhook.rule=Path(`/api/payments/webhook`)",
          "traefik.http.routers.payments-webhook.priority=1000",
          "traefik.http.routers.payments-webhook.middlewares=webhook@file",
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
        name     = "payments-admin"
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
        memory = var.service_memory
      }
    }
  }
}
