{ config, ... }:
let
  flakeModules = config.flake.modules.nixos;
in
{
  flake.modules.nixos."machines/nixos/galena" =
    { lib, pkgs, ... }:
    {
      imports = [
        flakeModules.base
        flakeModules.postgres
      ];

      nixpkgs.hostPlatform = "x86_64-linux";
      # The release it was installed with; upgrading nixpkgs does not change it.
      system.stateVersion = "24.11";

      boot = {
        loader = {
          systemd-boot.enable = true;
          efi.canTouchEfiVariables = true;
          # Compute Engine boots with UEFI, whatever others import.
          grub.enable = lib.mkForce false;
        };
        initrd.availableKernelModules = [
          "nvme"
          "virtio_pci"
          "virtio_scsi"
        ];
        # Read with gcloud compute connect-to-serial-port.
        kernelParams = [ "console=ttyS0,115200" ];
        zfs = {
          devNodes = "/dev/disk/by-path";
          # As clan has it. After a rescue system left the pool open, boot once with
          # zfs_force=1 on the kernel's command line.
          forceImportRoot = lib.mkDefault false;
        };
      };

      networking = {
        hostName = "galena";
        # The installer's, with which ZFS imports the pool; clan has the same.
        hostId = lib.mkDefault "8425e349";
        useNetworkd = true;
        useDHCP = false;
        # Google smears leap seconds; its clocks do not mix with others.
        timeServers = [ "metadata.google.internal" ];
        firewall = {
          enable = true;
          allowedTCPPorts = [ 22 ];
        };
      };
      systemd.network.networks."10-uplink" = {
        matchConfig.Name = "en* eth*";
        networkConfig.DHCP = "yes";
        # 1460 bytes, unless the VPC network has another.
        dhcpV4Config.UseMTU = true;
      };

      services.openssh = {
        enable = true;
        settings = {
          PermitRootLogin = "prohibit-password";
          PasswordAuthentication = false;
          KbdInteractiveAuthentication = false;
        };
      };

      # Data disks, neither formatted nor mounted here:
      # /dev/disk/by-id/google-ore: 500 GB, pd-balanced
      # /dev/disk/by-id/google-slag: 10 GB, pd-ssd
      services.udev = {
        packages = [ pkgs.google-guest-configs ];
        path = [ pkgs.google-guest-configs ];
      };
    };
}
