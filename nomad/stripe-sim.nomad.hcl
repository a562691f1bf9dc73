# stripe-sim: Stripe's API on a developer's machine, where there are no keys of Stripe's. It charges
# nobody, so production refuses it: `environment` has no default, and no other value than dev.

variable "environment" {
  type = string

  validation {
    condition     = var.environment == "dev"
    error_message = "The payment simulator charges nobody: it runs in dev alone."
  }
}

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "driver" {
  type    = string
  default = "exec"
}

variable "command" {
  description = "Absolute path of the binary."
  type        = string
}

variable "simulator_port" {
  type = number
}

variable "simulator_data" {
  description = "Where it keeps its journal."
  type        = string
}

variable "webhook_url" {
  description = "Where it tells what has happened: payments, by the way that Stripe takes."
  type        = string
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

variable "log_filter" {
  type    = string
  default = "info"
}

job "stripe-sim" {
  datacenters = var.datacenters
  type        = "service"

  group "stripe-sim" {
    count = 1

    network {
      port "http" {
        static = var.simulator_port
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

    task "stripe-sim" {
      driver = var.driver

      config {
        command = var.command
        args    = ["serve"]
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "15s"

      env {
        HTTP_ADDRESS       = "${NOMAD_ADDR_http}"
        STRIPE_SIM_DATA    = var.simulator_data
        STRIPE_SIM_PREFIX  = "/stripe-sim"
        STRIPE_WEBHOOK_URL = var.webhook_url
        LOG_FORMAT         = "json"
        RUST_LOG           = var.log_filter
      }

      template {
        destination = "${NOMAD_SECRETS_DIR}/keys.env"
        env         = true
        perms       = "0600"
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/stripe-sim" -}}
          STRIPE_KEY={{ .stripe_key }}
          STRIPE_PUBLISHABLE_KEY={{ .stripe_publishable_key }}
          STRIPE_WEBHOOK_SECRET={{ .stripe_webhook_secret }}
          {{- end }}
        EOT
      }

      # The card form and its requests have the platform's own origin. What only payments and tests
      # may ask wants the secret key.
      service {
        name     = "stripe-sim"
        port     = "http"
        provider = "consul"
        tags = [
          "traefik.enable=true",
          "traefik.http.routers.stripe-sim.entrypoints=web",
          "traefik.http.routers.stripe-sim.rule=Path(`/stripe-sim`) || PathPrefix(`/stripe-sim/`)",
          "traefik.http.routers.stripe-sim.middlewares=api@file",
        ]

        check {
          name     = "ready"
          type     = "http"
          path     = "/sim/health"
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
