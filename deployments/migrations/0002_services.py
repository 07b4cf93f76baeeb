import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='branch',
            name='expires_at',
            field=models.DateTimeField(blank=True, db_index=True, null=True),
        ),
        migrations.AddField(
            model_name='deployment',
            name='source',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name='repository',
            name='allowed',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='repository',
            name='definitions',
            field=models.CharField(default='edaha.yml', max_length=255),
        ),
        migrations.CreateModel(
            name='Build',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('reference', models.CharField(max_length=500)),
                ('reused', models.BooleanField(default=False)),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='builds', to='deployments.deployment')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['reference'], name='deployments_referen_3c8420_idx')],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'name'), name='build_name')],
            },
        ),
        migrations.CreateModel(
            name='Hook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('release', 'Before the release'), ('destroy', 'At the end')], max_length=10)),
                ('service', models.CharField(max_length=40)),
                ('container', models.CharField(max_length=255)),
                ('command', models.JSONField(default=list)),
                ('timeout_seconds', models.PositiveIntegerField()),
                ('task_arn', models.CharField(blank=True, max_length=500)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.TextField(blank=True)),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hooks', to='deployments.deployment')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'kind'), name='hook_kind')],
            },
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('label', models.CharField(max_length=63)),
                ('release_name', models.CharField(max_length=63)),
                ('container', models.CharField(max_length=255)),
                ('port', models.PositiveIntegerField()),
                ('health_path', models.CharField(blank=True, max_length=500)),
                ('startup_seconds', models.PositiveIntegerField(default=120)),
                ('task_definition', models.JSONField(default=dict)),
                ('service_definition', models.JSONField(default=dict)),
                ('changes', models.JSONField(default=list)),
                ('baseline', models.JSONField(blank=True, null=True)),
                ('task_definition_hash', models.CharField(blank=True, max_length=64)),
                ('task_definition_arn', models.CharField(blank=True, max_length=500)),
                ('discovery_service_arn', models.CharField(blank=True, max_length=255)),
                ('ecs_deployment_id', models.CharField(blank=True, max_length=64)),
                ('running_since', models.DateTimeField(blank=True, null=True)),
                ('progress', models.CharField(blank=True, max_length=300)),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='services', to='deployments.deployment')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['label'], name='deployments_label_91f770_idx'), models.Index(fields=['task_definition_hash'], name='deployments_task_de_615dbd_idx')],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'name'), name='service_name'), models.UniqueConstraint(fields=('deployment', 'label'), name='service_label')],
            },
        ),
    ]
