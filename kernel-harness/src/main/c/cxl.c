// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "cxl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

#define CXL "/sys/bus/cxl/devices/"
#define ND "/sys/bus/nd/devices/"
#define ROOT_DECODER CXL "decoder0.0/"
/* The kernel counts the end of the line. */
#define REGION_UUID "706d656d-346a-4000-8000-000000000002\n"
#define NAMESPACE_UUID "706d656d-346a-4000-8000-000000000003"

static bool refused(struct bytes *lines, const char *path, const char *value)
{
	bytes_text(lines, "dax_error=%s: %s: %s\n", path, value, strerror(errno));
	return false;
}

static bool set(struct bytes *lines, const char *device, const char *attribute, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", device, attribute);
	return sysfs_write(path, value) == 0 || refused(lines, path, value);
}

/* The decoder of a memory device: the one that has device physical addresses. */
static bool endpoint_decoder(char *name, size_t size)
{
	DIR *d = opendir(CXL);
	bool found = false;

	if (!d)
		return false;
	for (struct dirent *e; !found && (e = readdir(d));) {
		char path[320];

		snprintf(path, sizeof(path), CXL "%s/dpa_size", e->d_name);
		if (strncmp(e->d_name, "decoder", 7) || access(path, F_OK) || strlen(e->d_name) >= size)
			continue;
		snprintf(name, size, "%s", e->d_name);
		found = true;
	}
	closedir(d);
	return found;
}

/* The bus registers devices behind the back of who caused them; reading this waits for it. */
static void wait_for_devices(void)
{
	char ignored[8], bus[64], path[256];

	if (sysfs_first(ND, "ndbus", bus, sizeof(bus))) {
		snprintf(path, sizeof(path), ND "%s/wait_probe", bus);
		sysfs_read(path, ignored, sizeof(ignored));
	}
}

static bool make_region(struct bytes *lines, const char *decoder, const char *size)
{
	char region[64], device[128], endpoint[128];

	if (!sysfs_read(ROOT_DECODER "create_pmem_region", region, sizeof(region)))
		return refused(lines, ROOT_DECODER "create_pmem_region", "no name");
	snprintf(device, sizeof(device), CXL "%s", region);
	snprintf(endpoint, sizeof(endpoint), CXL "%s", decoder);
	return set(lines, ROOT_DECODER, "create_pmem_region", region) &&
	       set(lines, device, "interleave_ways", "1") &&
	       set(lines, device, "interleave_granularity", "256") && set(lines, device, "uuid", REGION_UUID) &&
	       set(lines, device, "size", size) && set(lines, endpoint, "mode", "pmem") &&
	       set(lines, endpoint, "dpa_size", size) && set(lines, device, "target0", decoder) &&
	       set(lines, device, "commit", "1") &&
	       set(lines, "/sys/bus/cxl/drivers/cxl_region", "bind", region);
}

/* The labels of a memory device say what its namespaces are; the seed takes the first. */
static bool make_namespace(struct bytes *lines, const char *size)
{
	char region[64], seed[64], path[256], device[128];

	wait_for_devices();
	if (!sysfs_first(ND, "region", region, sizeof(region))) {
		bytes_text(lines, "dax_error=the CXL region is no NVDIMM region of " ND "\n");
		return false;
	}
	snprintf(path, sizeof(path), ND "%s/namespace_seed", region);
	if (!sysfs_read(path, seed, sizeof(seed)))
		return refused(lines, path, "no name");
	snprintf(device, sizeof(device), ND "%s", seed);
	if (!set(lines, device, "uuid", NAMESPACE_UUID) || !set(lines, device, "size", size))
		return false;
	wait_for_devices();
	return true;
}

bool cxl_make_region(struct bytes *lines)
{
	char decoder[64], size[64];

	/* Devices that met the bus before its root was there are attached by a work queue. */
	sysfs_write("/sys/bus/cxl/flush", "1");
	if (access(ROOT_DECODER "create_pmem_region", F_OK) || !endpoint_decoder(decoder, sizeof(decoder)))
		return true;
	if (!sysfs_read(CXL "mem0/pmem/size", size, sizeof(size)))
		return refused(lines, CXL "mem0/pmem/size", "cannot be read");
	return make_region(lines, decoder, size) && make_namespace(lines, size);
}
