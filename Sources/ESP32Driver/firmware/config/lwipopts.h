// lwIP for two peers: UDP alone, all memory in its own bounded pools.
#pragma once
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_TCP 0
#define LWIP_RAW 0
#define LWIP_ICMP 1
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_IPV6_MLD 1
#define LWIP_IPV6_FRAG 0
#define LWIP_IPV6_REASS 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
// Datagrams that wait on the way back; those beyond are lost.
#define LWIP_LOOPBACK_MAX_PBUFS 16
#define LWIP_STATS 0
#define LWIP_TIMERS 1
#define LWIP_CHECKSUM_ON_COPY 0

#define MEM_ALIGNMENT 4
// What is sent: PBUF_RAM. Two peers with datagrams of up to 1,200 bytes under way in both directions.
#define MEM_SIZE 12288
// What is received from Ethernet.
#define PBUF_POOL_SIZE 8
#define PBUF_POOL_BUFSIZE 1536
#define MEMP_NUM_PBUF 8
#define MEMP_NUM_UDP_PCB 6
#define ETH_PAD_SIZE 0
