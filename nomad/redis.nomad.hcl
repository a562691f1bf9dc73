# Redis: carries events and counts attempts. It may be wiped at any moment; nothing is only here.

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "driver" {
  type    = string
  default = "exec"
}

variable "redis_user" {
  description = "Who runs Redis. Empty: whoever runs the Nomad client."
  type        = string
  default     = "redis"
}

variable "redis_uid" {
  description = "The same, as a number: the owner of the configuration, which holds the password."
  type        = number
  default     = -1
}

variable "redis_command" {
  type    = string
  default = "/usr/bin/redis-server"
}

variable "redis_data" {
  description = "A folder that belongs to redis_user."
  type        = string
  default     = "/var/lib/ticketing/redis"
}

variable "redis_listen" {
  type    = string
  default = "0.0.0.0"
}

variable "redis_port" {
  type    = number
  default = 6379
}

variable "redis_maxmemory" {
  type    = string
  default = "2gb"
}

variable "redis_cpu" {
  type    = number
  default = 1000
}

variable "redis_memory" {
  type    = number
  default = 3072
}

variable "check_interval" {
  type    = string
  default = "5s"
}

variable "min_healthy_time" {
  type    = string
  default = "10s"
}

job "redis" {
  datacenters = var.datacenters
  type        = "service"

  group "redis" {
    count = 1

    network {
      port "redis" {
        static = var.redis_port
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

    task "redis" {
      driver = var.driver
      user   = var.redis_user

      config {
        command = var.redis_command
        args    = ["${NOMAD_SECRETS_DIR}/redis.conf"]
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "15s"

      # Never evict: a stream entry that vanishes is a lost event until the relay notices. A rush
      # must fit: half a million orders are some 600 MB of stream entries until all groups have
      # acknowledged them, and 100 MB of deadlines. The log is rewritten by a second process, on a
      # core that a rush has other use for: not before there is something to be gained.
      template {
        destination = "${NOMAD_SECRETS_DIR}/redis.conf"
        perms       = "0600"
        uid         = var.redis_uid
        data        = <<-EOT
          bind ${var.redis_listen}
          port ${var.redis_port}
          dir ${var.redis_data}
          daemonize no
          appendonly yes
          appendfsync everysec
          auto-aof-rewrite-min-size 256mb
          save ""
          maxmemory ${var.redis_maxmemory}
          maxmemory-policy noeviction
          {{ with nomadVar "nomad/jobs/redis" -}}
          requirepass {{ .password }}
          {{- end }}
        EOT
      }

      service {
        name     = "redis"
        port     = "redis"
        provider = "consul"
        tags     = ["traefik.enable=false"]

        check {
          type     = "tcp"
          interval = var.check_interval
          timeout  = "2s"
        }
      }

      resources {
        cpu    = var.redis_cpu
        memory = var.redis_memory
      }
    }
  }
}
