// lwIP with a task of its own and its sockets: UDP on its loopback interface.
#pragma once
#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 1
#define LWIP_SOCKET 1
#define LWIP_NETCONN 1
#define LWIP_COMPAT_SOCKETS 0
#define LWIP_POSIX_SOCKETS_IO_NAMES 0
#define LWIP_SOCKET_SELECT 0
#define LWIP_SOCKET_POLL 1
// What Debian's lwIP asks of its configuration: addresses of sockets that bear their length, as lwIP's own do.
#define IP4ADDR_SOCKADDR_SET_LEN(address) (address)->sin_len = sizeof(struct sockaddr_in)
#define IP6ADDR_SOCKADDR_SET_LEN(address) (address)->sin6_len = sizeof(struct sockaddr_in6)
#define IPADDR_SOCKADDR_GET_LEN(address) ((address)->sa.sa_len)
#define LWIP_TCP 0
#define LWIP_RAW 0
#define LWIP_DNS 0
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_IPV6_FRAG 0
#define LWIP_IPV6_REASS 0
#define LWIP_ARP 0
#define LWIP_ETHERNET 0
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_LOOPBACK_MAX_PBUFS 32
#define LWIP_STATS 0

#define MEM_ALIGNMENT 8
#define MEM_SIZE 65536
#define MEMP_NUM_PBUF 32
#define MEMP_NUM_UDP_PCB 16
#define MEMP_NUM_NETCONN 16
#define MEMP_NUM_NETBUF 32
#define MEMP_NUM_TCPIP_MSG_INPKT 32
#define MEMP_NUM_TCPIP_MSG_API 16
#define DEFAULT_UDP_RECVMBOX_SIZE 16
#define DEFAULT_RAW_RECVMBOX_SIZE 16
#define TCPIP_MBOX_SIZE 32
// In words. One priority for all: in this port a task that holds a lock of the C library is a pthread that must run on.
#define TCPIP_THREAD_STACKSIZE 32768
#define TCPIP_THREAD_PRIO 1
