/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/control.h"

#include "compiler/base/text.h"

#define SEVERITIES 4

const char *const control_severity_names[SEVERITIES] = {
	[CONTROL_LOW] = "low",
	[CONTROL_MEDIUM] = "medium",
	[CONTROL_HIGH] = "high",
	[CONTROL_CRITICAL] = "critical",
};

static const char *severity_word(size_t i)
{
	return i < SEVERITIES ? control_severity_names[i] : NULL;
}

const struct argument_kind control_severities = {
	.form = ARGUMENT_WORD,
	.noun = "severity",
	.word = severity_word,
};

const struct control_spec controls[CONTROL_COUNT] = {
	[CONTROL_PRIVILEGED] = {
		.id = "privileged",
		.title = "The container is privileged",
		.cis = "5.2.2",
		.severity = CONTROL_CRITICAL,
		.why = "It has all capabilities and all devices, and neither seccomp nor masked "
		       "files hold it: root in it is root of the node.",
		.remedy = "Set securityContext.privileged to false and add the capabilities that "
			  "it needs; with an engine, leave --privileged away.",
		.policy = "paled refuses privileged containers, since no policy can hold one.",
	},
	[CONTROL_RUNTIME_SOCKET] = {
		.id = "runtime-socket",
		.title = "The container has the socket of a container runtime",
		.cis = "5.2.12",
		.severity = CONTROL_CRITICAL,
		.why = "Who may connect there can start a privileged container, which is root of "
		       "the node.",
		.remedy = "Take the volume away; what lists containers can ask the API server.",
		.policy = "A policy without `connect unix` of that path refuses the connection; "
			  "Pale's webhook refuses the pod.",
	},
	[CONTROL_NODE_FILES] = {
		.id = "node-files",
		.title = "The container has files by which the node can be taken over",
		.cis = "5.2.12",
		.severity = CONTROL_HIGH,
		.why = "Engines, the kubelet, or what the node starts as root have their files "
		       "there: keys can be read, and programs be put in their place.",
		.remedy = "Take the volume away, or name a folder that is the workload's alone.",
		.policy = "A policy that has no rule for the folder refuses its files; Pale's "
			  "webhook refuses the pod.",
	},
	[CONTROL_HOST_PATH] = {
		.id = "host-path",
		.title = "The container has a folder of the node",
		.cis = "5.2.12",
		.severity = CONTROL_MEDIUM,
		.why = "What is written there outlives the container, and is read by whatever else "
		       "has the folder.",
		.remedy = "Use a volume of the cluster's, such as a persistentVolumeClaim, or an "
			  "emptyDir.",
		.policy = "Rules for the folder say what may be read and written of it.",
	},
	[CONTROL_HOST_PID] = {
		.id = "host-pid",
		.title = "The container sees the processes of the node",
		.cis = "5.2.3",
		.severity = CONTROL_HIGH,
		.why = "It reads their environments and command lines, can signal those of its "
		       "user, and with a capability enter them.",
		.remedy = "Take hostPID away, and of an engine's words --pid=host.",
		.policy = "`signal` and `ptrace` rules say whom it may reach; a policy without "
			  "them refuses all others.",
	},
	[CONTROL_HOST_IPC] = {
		.id = "host-ipc",
		.title = "The container shares memory and queues with the node",
		.cis = "5.2.4",
		.severity = CONTROL_HIGH,
		.why = "Shared memory of the node's programs can be read and written.",
		.remedy = "Take hostIPC away, and of an engine's words --ipc=host.",
		.policy = "A policy without the calls for shared memory and queues (shmget, "
			  "msgget, semget) refuses them.",
	},
	[CONTROL_HOST_NETWORK] = {
		.id = "host-network",
		.title = "The container has the network of the node",
		.cis = "5.2.5",
		.severity = CONTROL_HIGH,
		.why = "It reaches what listens on the node's loopback alone, abstract unix "
		       "sockets too, and no NetworkPolicy holds it.",
		.remedy = "Take hostNetwork away, and of an engine's words --network=host.",
		.policy = "`connect` and `listen` rules say which addresses and ports it has.",
	},
	[CONTROL_HOST_PORT] = {
		.id = "host-port",
		.title = "The container has a port of the node",
		.cis = "5.2.13",
		.severity = CONTROL_LOW,
		.why = "The port is open to whoever reaches the node, past the cluster's services.",
		.remedy = "Take hostPort away and put a Service before the pod.",
	},
	[CONTROL_HOST_PROCESS] = {
		.id = "host-process",
		.title = "The Windows container is a process of its node",
		.cis = "5.2.11",
		.severity = CONTROL_CRITICAL,
		.why = "It has the node's files, network and privileges.",
		.remedy = "Set windowsOptions.hostProcess to false.",
	},
	[CONTROL_ADDED_CAPABILITIES] = {
		.id = "added-capabilities",
		.title = "The container has capabilities beyond the usual ones",
		.cis = "5.2.9",
		.severity = CONTROL_HIGH,
		.why = "Each is a part of root's power over the kernel that the node shares with "
		       "the container.",
		.remedy = "Take them away from capabilities.add; net_bind_service alone may stay. "
			  "With an engine, leave --cap-add away.",
		.policy = "A policy lets a container have the capabilities of its `capability` "
			  "rules, and no other.",
	},
	[CONTROL_RAW_SOCKETS] = {
		.id = "raw-sockets",
		.title = "The container can open raw sockets",
		.cis = "5.2.8",
		.severity = CONTROL_MEDIUM,
		.why = "With packets of any sender it can pass for another pod, or for the "
		       "cluster's DNS, to its neighbours on the node.",
		.remedy = "Drop NET_RAW, or ALL; with an engine, --cap-drop=net_raw.",
		.policy = "A policy without `capability net_raw`, `socket raw` and `socket packet` "
			  "refuses them.",
	},
	[CONTROL_KEPT_CAPABILITIES] = {
		.id = "kept-capabilities",
		.title = "The container keeps capabilities that nobody has asked for",
		.cis = "5.2.10",
		.severity = CONTROL_LOW,
		.why = "Runtimes leave some dozen to root, such as to change owners and users; few "
		       "programs need one.",
		.remedy = "Drop ALL and add those that are needed.",
		.policy = "A policy lets a container have the capabilities of its `capability` "
			  "rules, and no other.",
	},
	[CONTROL_ESCALATION] = {
		.id = "privilege-escalation",
		.title = "Programs of the container can gain privileges",
		.cis = "5.2.6",
		.severity = CONTROL_MEDIUM,
		.why = "A setuid program in the image, or one that an attacker finds a way to "
		       "write, makes root of any user.",
		.remedy = "Set allowPrivilegeEscalation to false; with an engine, --security-opt "
			  "no-new-privileges.",
		.policy = "A policy without capabilities and sub-profiles sets no_new_privs.",
	},
	[CONTROL_ROOT_USER] = {
		.id = "root-user",
		.title = "The container may run as root",
		.cis = "5.2.7",
		.severity = CONTROL_MEDIUM,
		.why = "Outside of a user namespace it is the node's root: what else holds the "
		       "container is all that stands between.",
		.remedy = "Set runAsNonRoot to true, and a runAsUser where the image has none; with "
			  "an engine, --user.",
		.policy = "Rules hold for root, too; a policy without `capability` leaves root no "
			  "more than another user.",
	},
	[CONTROL_NO_SECCOMP] = {
		.id = "no-seccomp",
		.title = "No seccomp filter holds the container",
		.cis = "5.7.2",
		.cis_later = "5.6.2",
		.severity = CONTROL_MEDIUM,
		.why = "It can make each call that the kernel has, also those by which kernels are "
		       "attacked.",
		.remedy = "Set seccompProfile.type to RuntimeDefault, or Localhost with a profile; "
			  "with an engine, leave seccomp=unconfined away.",
		.policy = "Each policy brings a filter of the calls that its rules need.",
	},
	[CONTROL_NO_APPARMOR] = {
		.id = "no-apparmor",
		.title = "AppArmor does not hold the container",
		.cis = "5.7.3",
		.cis_later = "5.6.3",
		.severity = CONTROL_LOW,
		.why = "What the engine's profile refuses, such as writing below /proc and mounting, "
		       "is held by capabilities alone.",
		.remedy = "Take the unconfined profile away, so that the engine's is used.",
		.policy = "Where AppArmor is what enforces, each policy brings a profile.",
	},
	[CONTROL_UNMASKED_PROC] = {
		.id = "unmasked-proc",
		.title = "The container has all of /proc",
		.cis = "5.7.3",
		.cis_later = "5.6.3",
		.severity = CONTROL_HIGH,
		.why = "The kernel's settings below /proc/sys and files such as /proc/kcore lie open "
		       "to root.",
		.remedy = "Take procMount away, and of an engine's words --security-opt " "systempaths=unconfined.",
		.policy = "A policy without rules for these files refuses them.",
	},
	[CONTROL_WRITABLE_ROOT] = {
		.id = "writable-root",
		.title = "The container can write to its root file system",
		.cis = "5.7.3",
		.cis_later = "5.6.3",
		.severity = CONTROL_LOW,
		.why = "An attacker can put a program there and run it.",
		.remedy = "Set readOnlyRootFilesystem to true and give folders that are written an "
			  "emptyDir; with an engine, --read-only.",
		.policy = "`deny exec drift` refuses programs that did not come with the image, and "
			  "`write` rules say what may be written.",
	},
	[CONTROL_NO_PROFILE] = {
		.id = "no-profile",
		.title = "No policy of Pale's holds the container",
		.severity = CONTROL_LOW,
		.why = "What its program never does is allowed to an attacker all the same, and "
		       "reported by nobody.",
		.remedy = "Have a policy learned (`pale learn`, or a PaleRecording), and name it by "
			  "the annotation pale.dev/profile.",
		.policy = "Without one there is none.",
	},
	[CONTROL_TOKEN] = {
		.id = "service-account-token",
		.title = "The container has a token for the API server",
		.cis = "5.1.6",
		.severity = CONTROL_MEDIUM,
		.why = "Who reads it may do in the cluster what its service account may.",
		.remedy = "Set automountServiceAccountToken to false where the program does not ask "
			  "the API server.",
		.policy = "A policy without the fragment k8s-service-account refuses to read the "
			  "token.",
	},
	[CONTROL_DEFAULT_ACCOUNT] = {
		.id = "default-account",
		.title = "The pod has a token of its namespace's default service account",
		.cis = "5.1.5",
		.severity = CONTROL_MEDIUM,
		.why = "Whatever anybody grants to that account all such pods of the namespace "
		       "have.",
		.remedy = "Give the pod a service account of its own, or no token.",
		.policy = "A policy without the fragment k8s-service-account refuses to read the "
			  "token.",
	},
	[CONTROL_SECRET_ENVIRONMENT] = {
		.id = "secret-environment",
		.title = "A Secret stands in the environment of the container",
		.cis = "5.4.1",
		.severity = CONTROL_LOW,
		.why = "Each program that is started there inherits it, and it ends up in logs and "
		       "dumps.",
		.remedy = "Mount the Secret as files, and let the program read them.",
		.policy = "`read` rules say which program may read the files.",
	},
	[CONTROL_METADATA] = {
		.id = "metadata-address",
		.title = "The cloud's metadata address can be reached",
		.severity = CONTROL_MEDIUM,
		.why = "On a cloud's machines 169.254.169.254 gives out the credentials of the node "
		       "to whoever asks.",
		.remedy = "Have a NetworkPolicy that lets the pod go elsewhere only.",
		.policy = "A policy without `connect tcp 169.254.169.254:80` refuses it.",
	},
	[CONTROL_KUBELET] = {
		.id = "kubelet-port",
		.title = "The kubelet of the node can be reached",
		.severity = CONTROL_LOW,
		.why = "Who has a right to its API, which some set up without authentication, runs "
		       "commands in each container of the node.",
		.remedy = "Have a NetworkPolicy that lets the pod go elsewhere only.",
		.policy = "A policy without `connect tcp` of the node's port 10250 refuses it.",
	},
	[CONTROL_NETWORK_POLICY] = {
		.id = "no-network-policy",
		.title = "The namespace has no NetworkPolicy",
		.cis = "5.3.2",
		.severity = CONTROL_MEDIUM,
		.why = "Each of its pods reaches, and is reached by, all others of the cluster.",
		.remedy = "Have one that refuses all, and further ones for what is needed.",
		.policy = "`connect` and `listen` rules hold a container whatever the network lets "
			  "through.",
	},
	[CONTROL_ADMISSION_POLICY] = {
		.id = "no-admission-policy",
		.title = "Nothing holds what pods of the namespace may ask for",
		.cis = "5.2.1",
		.severity = CONTROL_MEDIUM,
		.why = "Who may create a pod there can have a privileged one, and with it the node.",
		.remedy = "Label it pod-security.kubernetes.io/enforce with baseline or restricted.",
		.policy = "In a namespace with pale.dev/inject=enabled Pale's webhook refuses what "
			  "no policy can hold.",
	},
	[CONTROL_DEFAULT_NAMESPACE] = {
		.id = "default-namespace",
		.title = "The workload is in the namespace `default`",
		.cis = "5.7.4",
		.cis_later = "5.6.4",
		.severity = CONTROL_LOW,
		.why = "Rights, quotas and policies are of namespaces: there they hold for whatever "
		       "else was created without one.",
		.remedy = "Give it a namespace of its own.",
	},
};

char *control_cis(enum control c)
{
	struct text t = TEXT_INIT;

	text_puts(&t, controls[c].cis ? controls[c].cis : "");
	if (controls[c].cis_later)
		text_printf(&t, " (%s in 1.11)", controls[c].cis_later);
	return text_take(&t);
}
