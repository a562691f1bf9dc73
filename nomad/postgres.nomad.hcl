# Postgres: the platform's truth. One instance, on a folder of its host.
#
# prestart  initdb     makes the cluster when the folder is empty
# main      postgres
# poststart provision  database, schemas and roles, from postgres/*.sql; idempotent

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "driver" {
  type    = string
  default = "exec"
}

variable "postgres_user" {
  description = "Who runs Postgres; it refuses root. Empty: whoever runs the Nomad client."
  type        = string
  default     = "postgres"
}

variable "postgres_bin" {
  description = "The folder of initdb, postgres, psql and pg_isready."
  type        = string
  default     = "/usr/lib/postgresql/15/bin"
}

variable "postgres_data" {
  description = "A folder that belongs to postgres_user; the cluster is made in it."
  type        = string
  default     = "/var/lib/ticketing/postgres"
}

variable "postgres_listen" {
  type    = string
  default = "*"
}

variable "postgres_port" {
  type    = number
  default = 5432
}

variable "postgres_shared_buffers" {
  type    = string
  default = "2GB"
}

variable "postgres_max_wal_size" {
  description = "A checkpoint begins when some half of this is written. More: fewer of them, a longer recovery."
  type        = string
  default     = "8GB"
}

variable "postgres_cpu" {
  type    = number
  default = 2000
}

variable "postgres_memory" {
  type    = number
  default = 4096
}

variable "services" {
  description = "A schema and two roles for each."
  type        = list(string)
}

variable "check_interval" {
  type    = string
  default = "5s"
}

variable "min_healthy_time" {
  type    = string
  default = "10s"
}

locals {
  role_passwords = join("\n", flatten([for service in var.services : [
    "${upper(service)}_OWNER_PASSWORD={{ .${service}_owner_password }}",
    "${upper(service)}_APP_PASSWORD={{ .${service}_app_password }}",
  ]]))

  # Commits are durable: nothing here trades that for speed.
  #
  # max_connections: of each instance, a pool of 10 and, where there are events, some 5 more; three
  # instances of each service with one more while it is rolled out are some 240.
  #
  # A rush writes gigabytes of WAL. After each checkpoint every page is logged whole once more, so
  # checkpoints are rare (max_wal_size, checkpoint_timeout), spread out, and their segments are used
  # again instead of made anew (min_wal_size). lz4 takes a fraction of pglz' time.
  #
  # jit: plans over batches are estimated as large, and compiling one takes longer than running it.
  #
  # Statements' parameters are personal data and never logged; terse, because an error's DETAIL quotes
  # the row.
  settings = {
    listen_addresses                  = var.postgres_listen
    port                              = var.postgres_port
    unix_socket_directories           = ""
    max_connections                   = 300
    shared_buffers                    = var.postgres_shared_buffers
    fsync                             = "on"
    synchronous_commit                = "on"
    wal_compression                   = "lz4"
    min_wal_size                      = "1GB"
    max_wal_size                      = var.postgres_max_wal_size
    checkpoint_timeout                = "15min"
    checkpoint_completion_target      = "0.9"
    random_page_cost                  = "1.1"
    jit                               = "off"
    password_encryption               = "scram-sha-256"
    timezone                          = "UTC"
    log_timezone                      = "UTC"
    log_destination                   = "stderr"
    logging_collector                 = "off"
    log_error_verbosity               = "terse"
    log_statement                     = "none"
    log_parameter_max_length          = 0
    log_parameter_max_length_on_error = 0
    log_min_duration_statement        = "1s"
    log_lock_waits                    = "on"
    log_line_prefix                   = "%m [%p] %q%u "
    track_io_timing                   = "on"
  }
}

job "postgres" {
  datacenters = var.datacenters
  type        = "service"

  group "postgres" {
    count = 1

    network {
      port "postgres" {
        static = var.postgres_port
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

    task "initdb" {
      driver = var.driver
      user   = var.postgres_user

      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      config {
        command = "/bin/bash"
        args    = ["-euo", "pipefail", "${NOMAD_TASK_DIR}/initdb.sh"]
      }

      env {
        POSTGRES_BIN  = var.postgres_bin
        POSTGRES_DATA = var.postgres_data
      }

      template {
        destination = "${NOMAD_TASK_DIR}/initdb.sh"
        data        = file("postgres/initdb.sh")
        change_mode = "noop"
      }

      template {
        destination = "${NOMAD_SECRETS_DIR}/passwords.env"
        env         = true
        perms       = "0600"
        change_mode = "noop"
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/postgres" -}}
          SUPERUSER_PASSWORD={{ .superuser_password }}
          {{- end }}
        EOT
      }

      resources {
        cpu    = 100
        memory = 128
      }
    }

    task "postgres" {
      driver = var.driver
      user   = var.postgres_user

      config {
        command = "${var.postgres_bin}/postgres"
        args = concat(
          ["-D", "${var.postgres_data}/cluster"],
          flatten([for name, value in local.settings : ["-c", "${name}=${value}"]]),
        )
      }

      # SIGINT is Postgres' fast shutdown: sessions end, everything is written.
      kill_signal  = "SIGINT"
      kill_timeout = "30s"

      service {
        name     = "postgres"
        port     = "postgres"
        provider = "consul"
        tags     = ["traefik.enable=false"]

        check {
          type     = "tcp"
          interval = var.check_interval
          timeout  = "2s"
        }
      }

      resources {
        cpu    = var.postgres_cpu
        memory = var.postgres_memory
      }
    }

    task "provision" {
      driver = var.driver
      user   = var.postgres_user

      lifecycle {
        hook    = "poststart"
        sidecar = false
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      config {
        command = "/bin/bash"
        args    = concat(["-euo", "pipefail", "${NOMAD_TASK_DIR}/provision.sh"], var.services)
      }

      env {
        PATH   = "${var.postgres_bin}:/usr/bin:/bin"
        PGHOST = "${NOMAD_IP_postgres}"
        PGPORT = "${NOMAD_PORT_postgres}"
        PGUSER = "postgres"
      }

      template {
        destination = "${NOMAD_TASK_DIR}/provision.sh"
        data        = file("postgres/provision.sh")
        change_mode = "noop"
      }

      template {
        destination = "${NOMAD_TASK_DIR}/provision.sql"
        data        = file("postgres/provision.sql")
        change_mode = "noop"
      }

      template {
        destination = "${NOMAD_TASK_DIR}/provision-service.sql"
        data        = file("postgres/provision-service.sql")
        change_mode = "noop"
      }

      template {
        destination = "${NOMAD_SECRETS_DIR}/passwords.env"
        env         = true
        perms       = "0600"
        change_mode = "noop"
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/postgres" -}}
          PGPASSWORD={{ .superuser_password }}
          DATABASE_READONLY_PASSWORD={{ .readonly_password }}
          ${local.role_passwords}
          {{- end }}
        EOT
      }

      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
