{
  flake.modules.nixos."machines/nixos/beryl".disko.devices = {
    disk.primary = {
      type = "disk";
      device = "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1";
      content = {
        type = "gpt";
        partitions = {
          ESP = {
            size = "1G";
            type = "EF00";
            content = {
              type = "filesystem";
              format = "vfat";
              mountpoint = "/boot";
              mountOptions = [ "umask=0077" ];
            };
          };
          zfs = {
            size = "100%";
            content = {
              type = "zfs";
              pool = "zroot";
            };
          };
        };
      };
    };
    zpool.zroot = {
      type = "zpool";
      rootFsOptions = {
        compression = "lz4";
        "com.sun:auto-snapshot" = "true";
      };
      datasets = {
        root = {
          type = "zfs_fs";
          options.mountpoint = "none";
        };
        "root/nixos" = {
          type = "zfs_fs";
          options.mountpoint = "/";
          mountpoint = "/";
        };
        "root/home" = {
          type = "zfs_fs";
          options.mountpoint = "/home";
          mountpoint = "/home";
        };
        "root/nix" = {
          type = "zfs_fs";
          options = {
            mountpoint = "/nix";
            "com.sun:auto-snapshot" = "false";
          };
          mountpoint = "/nix";
        };
      };
    };
  };
}
